"""Opens a session of the real logind on the system bus, runs a command, closes it.

logind has PID 1 make a scope for a session. There is no systemd here, so the
bus name of PID 1 is held by this program, which says of every job that it is
done. Everything else is logind's own.
"""

import os
import pwd
import subprocess
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

MANAGER = "org.freedesktop.systemd1.Manager"
ROOT = "/org/freedesktop/systemd1"
LIMIT_SECS = 60


class Pid1(dbus.service.Object):
    """What logind asks of systemd."""

    jobs = 0

    def job(self, unit):
        Pid1.jobs += 1
        number, path = Pid1.jobs, f"{ROOT}/job/{Pid1.jobs}"
        GLib.timeout_add(50, lambda: self.JobRemoved(number, path, unit, "done"))
        return dbus.ObjectPath(path)

    @dbus.service.method(MANAGER)
    def Subscribe(self):
        pass

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StartUnit(self, unit, mode):
        return self.job(unit)

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StopUnit(self, unit, mode):
        return self.job(unit)

    @dbus.service.method(MANAGER, in_signature="ssa(sv)a(sa(sv))", out_signature="o")
    def StartTransientUnit(self, unit, mode, properties, auxiliary):
        return self.job(unit)

    @dbus.service.method(MANAGER, in_signature="s")
    def AbandonScope(self, unit):
        pass

    @dbus.service.signal(MANAGER, signature="uoss")
    def JobRemoved(self, number, path, unit, result):
        pass


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    name = dbus.service.BusName("org.freedesktop.systemd1", bus)
    pid1 = Pid1(bus, ROOT)
    loop = GLib.MainLoop()
    result = {"status": 99}

    def opened(*answer):
        # The session lives as long as this end of its pipe is open.
        result["pipe"] = answer[3].take()
        child = subprocess.Popen(sys.argv[1:])

        def ended():
            status = child.poll()
            if status is None:
                return True
            result["status"] = status
            loop.quit()
            return False

        GLib.timeout_add(50, ended)

    def failed(error):
        print("no session:", error, file=sys.stderr)
        loop.quit()

    def open_session():
        logind = bus.get_object("org.freedesktop.login1", "/org/freedesktop/login1", introspect=False)
        logind.CreateSession(
            dbus.UInt32(pwd.getpwnam("nobody").pw_uid), dbus.UInt32(os.getpid()),
            "sshd", "tty", "user", "", "", dbus.UInt32(0), "pts/9", "", True, "", "198.51.100.7",
            dbus.Array([], signature="(sv)"),
            dbus_interface="org.freedesktop.login1.Manager", signature="uusssssussbssa(sv)",
            reply_handler=opened, error_handler=failed, timeout=LIMIT_SECS,
        )

    def when_logind_is_there():
        if not bus.name_has_owner("org.freedesktop.login1"):
            return True
        open_session()
        return False

    GLib.timeout_add(50, when_logind_is_there)
    GLib.timeout_add_seconds(LIMIT_SECS, loop.quit)
    loop.run()
    del name, pid1
    sys.exit(result["status"])


main()
