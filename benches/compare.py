"""Measures smbwho and its peers; benches/compare has built and installed everything."""

import argparse
import json
import sys
import traceback

import browse
import codec
import floor
import hosts
import labs
import report
import scale_close
import scale_files
import scale_groups
import scale_local
import scale_sort
import scale_who_has
import sessions

# A part measures (`measure`) and says what came of it (`add` to the table, `section` below it, `plots`,
# `growth` for the plot of all questions).
PARTS = {
    "sessions": sessions,
    "floor": floor,
    "hosts": hosts,
    "codec": codec,
    "browse": browse,
    "close": scale_close,
    "files": scale_files,
    "who-has": scale_who_has,
    "sort": scale_sort,
    "groups": scale_groups,
    "local": scale_local,
}


def measured(parts, quick):
    """What was found, and why what could not be."""
    found, failed = {}, {}
    for name, part in parts.items():
        with labs.Clock(name):
            # The other parts are worth having whatever went wrong in this one.
            try:
                found[name] = part.measure(quick)
            except Exception as error:  # pylint: disable=broad-except
                labs.say(traceback.format_exc())
                failed[name] = f"{type(error).__name__}: {error}"
    return found, failed


def main():
    parser = argparse.ArgumentParser(prog="benches/compare")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parser.add_argument("--quick", action="store_true", help="fewer runs, hosts and sizes")
    parser.add_argument("--write", action="store_true", help="into docs/, all parts")
    parser.add_argument("--json", metavar="FILE", help="all that was found, too")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if arguments.write and arguments.parts:
        parser.error("docs/performance.md is of one run: --write measures all parts")
    parts = {name: PARTS[name] for name in arguments.parts or PARTS}
    found, failed = measured(parts, arguments.quick)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
    folder = labs.ROOT / "docs" if arguments.write else None
    report.publish(parts, found, failed, arguments.quick, folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
