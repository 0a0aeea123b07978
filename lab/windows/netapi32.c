/* A netapi32.dll for tests under Wine, whose own has stubs in the places that
 * matter here: a small file server with people connected.
 *
 * Environment:
 *   SMBWHO_LAB_LOG       file that calls and the count of buffers go to
 *   SMBWHO_LAB_SESSIONS  people connected, 25
 *   SMBWHO_LAB_PAGE      rows of a page, 10
 *   SMBWHO_LAB_RICHEST   sessions above this level are refused with 5
 *   SMBWHO_LAB_STATUS    every call but those for buffers fails with this
 *   SMBWHO_LAB_WAIT      milliseconds before every page of sessions but the first
 *   SMBWHO_LAB_LIE       1: one entry more than the buffer has room for;
 *                        2: entries beside a null buffer
 */
#include "heap.h"
#include <lm.h>

#define EXPORT __declspec(dllexport)
#define FOLDER L"C:\\data"
/* Above 32 bits: handles of these calls are as wide as a pointer. */
#define WIDE ((DWORD_PTR)0x00a5a5a500000000ULL)

static WCHAR names[][16] = {L"alice", L"bob", L"\u017b\u00f3\u0142\u0107", L"\u540d\u524d",
                            L"\U0001f980crab", L"\u0645\u0631\u062d\u0628\u0627"};
#define NAMES (sizeof names / sizeof *names)

static BYTE gone_sessions[4096], gone_files[4096];
static BYTE administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0};
static BYTE users_sid[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
                           3, 0, 0, 0, 1, 2, 0, 0};
/* O:BAG:BAD:(A;;FA;;;BA), self-relative. */
static BYTE descriptor[] = {
    1, 0, 4, 0x80, 20, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 52, 0, 0, 0,
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0,
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0,
    2, 0, 32, 0, 1, 0, 0, 0, 0, 0, 24, 0, 0xff, 1, 0x1f, 0,
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0};

static struct share {
    WCHAR name[64], remark[64], path[64];
    DWORD type, max_uses, flags;
    BYTE security[512];
    DWORD security_length;
} shares[16] = {
    {L"data", L"All of us", FOLDER, STYPE_DISKTREE, (DWORD)-1, 0x30, {0}, 0},
    {L"ADMIN$", L"Remote Admin", L"C:\\Windows", STYPE_DISKTREE | STYPE_SPECIAL, (DWORD)-1, 0, {0}, 0},
    {L"IPC$", L"Remote IPC", L"", STYPE_IPC | STYPE_SPECIAL, (DWORD)-1, 0, {0}, 0},
};
static int share_count = 3;

BOOL WINAPI DllMain(HINSTANCE dll, DWORD reason, LPVOID reserved)
{
    (void)dll, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        heap_begin();
        for (int index = 0; index < share_count; index++) {
            memcpy(shares[index].security, descriptor, sizeof descriptor);
            shares[index].security_length = sizeof descriptor;
        }
    } else if (reason == DLL_PROCESS_DETACH) {
        heap_end("netapi32");
    }
    return TRUE;
}

/* The call goes to the log; what it is to fail with. */
static DWORD called(const char *name, const WCHAR *server, const WCHAR *first,
                    const WCHAR *second, long level)
{
    char a[512], b[512], c[512];
    note("%s server=%s %s %s level=%ld", name, narrow(server, a, sizeof a),
         narrow(first, b, sizeof b), narrow(second, c, sizeof c), level);
    return number(L"SMBWHO_LAB_STATUS", 0);
}

/* Where a page ends that begins at `from`, of `all` rows. */
static DWORD page_end(DWORD from, DWORD all, DWORD preferred)
{
    DWORD end = from + number(L"SMBWHO_LAB_PAGE", 10);
    if (preferred < 64)
        return from;
    return end < all ? end : all;
}

/* What a list gives back; `came` rows from `from` on, of `all`. */
static DWORD listed(struct filler filler, LPBYTE *buffer, DWORD came, DWORD from, DWORD all,
                    DWORD *read, DWORD *total)
{
    DWORD lie = number(L"SMBWHO_LAB_LIE", 0);
    *buffer = filler.start;
    *read = came;
    *total = all - from;
    if (lie == 1) {
        SIZE_T size = 0;
        for (int index = 0; index < buffer_count; index++)
            if (buffers[index].start == filler.start)
                size = buffers[index].size;
        *read = (DWORD)size;
    } else if (lie == 2) {
        give_back(filler.start);
        *buffer = NULL;
    }
    return from + came < all ? ERROR_MORE_DATA : NERR_Success;
}

EXPORT DWORD WINAPI NetApiBufferFree(LPVOID buffer)
{
    if (buffer)
        give_back(buffer);
    return NERR_Success;
}

EXPORT DWORD WINAPI NetApiBufferSize(LPVOID buffer, LPDWORD size)
{
    int index = find(buffer);
    if (index < 0)
        return ERROR_INVALID_PARAMETER;
    *size = (DWORD)buffers[index].size;
    return NERR_Success;
}

static void session_names(DWORD index, WCHAR *client, WCHAR *user)
{
    swprintf(client, 32, L"\\\\10.0.%u.%u", index / 256, index % 256);
    swprintf(user, 32, L"%ls%u", names[index % NAMES], index);
}

/* Whether a filter, with or without backslashes, lets a name through. */
static BOOL matches(const WCHAR *filter, const WCHAR *name)
{
    while (filter && *filter == '\\')
        filter++;
    while (*name == '\\')
        name++;
    return !filter || !*filter ||
           CompareStringOrdinal(filter, -1, name, -1, TRUE) == CSTR_EQUAL;
}

/* How much a level tells: their numbers do not say. */
static int richness(DWORD level)
{
    return level == 502 ? 4 : level == 2 ? 3 : level == 1 ? 2 : level == 10 ? 1 : 0;
}

EXPORT DWORD WINAPI NetSessionEnum(LPWSTR server, LPWSTR only_client, LPWSTR only_user,
                                   DWORD level, LPBYTE *buffer, DWORD preferred, LPDWORD read,
                                   LPDWORD total, LPDWORD resume)
{
    DWORD status = called("NetSessionEnum", server, only_client, only_user, level);
    DWORD all = number(L"SMBWHO_LAB_SESSIONS", 25), from = resume ? *resume : 0, came = 0, index;
    DWORD richest = number(L"SMBWHO_LAB_RICHEST", 502);
    struct filler filler;

    *buffer = NULL;
    *read = *total = 0;
    if (status)
        return status;
    if (from)
        Sleep(number(L"SMBWHO_LAB_WAIT", 0));
    if (richness(level) > richness(richest))
        return ERROR_ACCESS_DENIED;
    /* Who is meant, before anything is cut into pages. */
    DWORD meant = 0, *which = calloc(all + 1, sizeof *which);
    for (index = 0; index < all; index++) {
        WCHAR client[32], user[32];
        session_names(index, client, user);
        if (!gone_sessions[index] && matches(only_client, client) && matches(only_user, user))
            which[meant++] = index;
    }
    DWORD end = page_end(from, meant, preferred);
    if (end == from && meant > from) {
        free(which);
        return NERR_BufTooSmall;
    }
    filler = fill((end - from) * (sizeof(SESSION_INFO_502) + 256) + 16);
    for (DWORD at = from; at < end && !status; at++) {
        WCHAR client[32], user[32];
        index = which[at];
        session_names(index, client, user);
        LPWSTR cname = text(&filler, client), username = text(&filler, user);
        switch (level) {
        case 0:
            ((SESSION_INFO_0 *)filler.start)[came++].sesi0_cname = cname;
            break;
        case 1:
            ((SESSION_INFO_1 *)filler.start)[came++] =
                (SESSION_INFO_1){cname, username, index % 5, 1000 + index, index, index % 4};
            break;
        case 2:
            ((SESSION_INFO_2 *)filler.start)[came++] = (SESSION_INFO_2){
                cname, username, index % 5, 1000 + index, index, index % 4, text(&filler, L"LabOS")};
            break;
        case 10:
            ((SESSION_INFO_10 *)filler.start)[came++] =
                (SESSION_INFO_10){cname, username, 1000 + index, index};
            break;
        case 502:
            ((SESSION_INFO_502 *)filler.start)[came++] = (SESSION_INFO_502){
                cname, username, index % 5, 1000 + index, index, index % 4,
                text(&filler, L"LabOS"), index % 2 ? NULL : text(&filler, L"\\Device\\Lab")};
            break;
        default:
            *buffer = filler.start;
            status = ERROR_INVALID_LEVEL;
        }
    }
    free(which);
    if (status)
        return status;
    if (resume)
        *resume = end;
    return listed(filler, buffer, came, from, meant, read, total);
}

EXPORT DWORD WINAPI NetSessionDel(LPWSTR server, LPWSTR client, LPWSTR user)
{
    DWORD status = called("NetSessionDel", server, client, user, -1), found = 0;
    if (status)
        return status;
    for (DWORD index = 0; index < number(L"SMBWHO_LAB_SESSIONS", 25); index++) {
        WCHAR of_client[32], of_user[32];
        session_names(index, of_client, of_user);
        if (!gone_sessions[index] && matches(client, of_client) && matches(user, of_user))
            gone_sessions[index] = 1, found++;
    }
    return found ? NERR_Success : NERR_ClientNameNotFound;
}

EXPORT DWORD WINAPI NetConnectionEnum(LPWSTR server, LPWSTR qualifier, DWORD level,
                                      LPBYTE *buffer, DWORD preferred, LPDWORD read,
                                      LPDWORD total, LPDWORD resume)
{
    DWORD status = called("NetConnectionEnum", server, qualifier, NULL, level);
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(512);
    if (level == 0)
        ((CONNECTION_INFO_0 *)filler.start)->coni0_id = 7;
    else
        *(CONNECTION_INFO_1 *)filler.start = (CONNECTION_INFO_1){
            7, STYPE_DISKTREE, 3, 1, 60, text(&filler, names[2]),
            text(&filler, *qualifier == '\\' ? L"data" : L"10.0.0.2")};
    if (resume)
        *resume = 0;
    return listed(filler, buffer, 1, 0, 1, read, total);
}

#define FILES 12

/* Ids above 2^31 must not go negative. */
static DWORD file_id(DWORD index)
{
    return 0xfffffff0 + index;
}

static void file_names(DWORD index, WCHAR *path, WCHAR *user)
{
    swprintf(path, 64, FOLDER L"\\%ls\\file%u.xlsx", names[index % NAMES], index);
    swprintf(user, 32, L"%ls%u", names[index % NAMES], index);
}

static void file_record(struct filler *filler, DWORD level, DWORD at, DWORD index)
{
    WCHAR path[64], user[32];
    file_names(index, path, user);
    if (level == 2)
        ((FILE_INFO_2 *)filler->start)[at].fi2_id = file_id(index);
    else
        ((FILE_INFO_3 *)filler->start)[at] = (FILE_INFO_3){
            file_id(index), PERM_FILE_READ | PERM_FILE_WRITE, index, text(filler, path),
            text(filler, user)};
}

EXPORT DWORD WINAPI NetFileEnum(LPWSTR server, LPWSTR base, LPWSTR only_user, DWORD level,
                                LPBYTE *buffer, DWORD preferred, LPDWORD read, LPDWORD total,
                                PDWORD_PTR resume)
{
    DWORD status = called("NetFileEnum", server, base, only_user, level), came = 0;
    DWORD from = resume && *resume ? (DWORD)(*resume - WIDE) : 0;
    *buffer = NULL;
    if (status)
        return status;
    /* What comes back is what was given out, all of it. */
    if (resume && *resume && (*resume & ~(DWORD_PTR)0xffffffff) != WIDE)
        return ERROR_INVALID_PARAMETER;
    DWORD end = page_end(from, FILES, preferred);
    struct filler filler = fill((end - from) * (sizeof(FILE_INFO_3) + 256) + 16);
    for (DWORD index = from; index < end; index++) {
        WCHAR path[64], user[32];
        file_names(index, path, user);
        if (gone_files[index] || !matches(only_user, user) ||
            (base && _wcsnicmp(path, base, wcslen(base))))
            continue;
        file_record(&filler, level, came++, index);
    }
    if (resume)
        *resume = WIDE + end;
    listed(filler, buffer, came, from, FILES, read, total);
    return end < FILES ? ERROR_MORE_DATA : NERR_Success;
}

static DWORD file_index(DWORD id)
{
    DWORD index = id - 0xfffffff0;
    return index < FILES && !gone_files[index] ? index : FILES;
}

EXPORT DWORD WINAPI NetFileGetInfo(LPWSTR server, DWORD id, DWORD level, LPBYTE *buffer)
{
    DWORD status = called("NetFileGetInfo", server, NULL, NULL, level);
    *buffer = NULL;
    if (status)
        return status;
    if (file_index(id) == FILES)
        return NERR_FileIdNotFound;
    struct filler filler = fill(sizeof(FILE_INFO_3) + 256);
    file_record(&filler, level, 0, file_index(id));
    *buffer = filler.start;
    return NERR_Success;
}

EXPORT DWORD WINAPI NetFileClose(LPWSTR server, DWORD id)
{
    DWORD status = called("NetFileClose", server, NULL, NULL, (long)id);
    if (status)
        return status;
    if (file_index(id) == FILES)
        return NERR_FileIdNotFound;
    gone_files[file_index(id)] = 1;
    return NERR_Success;
}

/* Levels 0, 1, 2, 501 and 502; there is no 503 here. */
static DWORD share_record(struct filler *filler, DWORD level, DWORD at, const struct share *share)
{
    LPWSTR name = text(filler, share->name);
    switch (level) {
    case 0:
        ((SHARE_INFO_0 *)filler->start)[at].shi0_netname = name;
        return NERR_Success;
    case 1:
        ((SHARE_INFO_1 *)filler->start)[at] =
            (SHARE_INFO_1){name, share->type, text(filler, share->remark)};
        return NERR_Success;
    case 2:
        ((SHARE_INFO_2 *)filler->start)[at] = (SHARE_INFO_2){
            name, share->type, text(filler, share->remark), 0, share->max_uses, 4,
            text(filler, share->path), text(filler, L"secret")};
        return NERR_Success;
    case 501:
        ((SHARE_INFO_501 *)filler->start)[at] =
            (SHARE_INFO_501){name, share->type, text(filler, share->remark), share->flags};
        return NERR_Success;
    case 502:
        ((SHARE_INFO_502 *)filler->start)[at] = (SHARE_INFO_502){
            name, share->type, text(filler, share->remark), 0, share->max_uses, 4,
            text(filler, share->path), text(filler, L"secret"), 0,
            put(filler, share->security, share->security_length)};
        return NERR_Success;
    }
    return ERROR_INVALID_LEVEL;
}

EXPORT DWORD WINAPI NetShareEnum(LPWSTR server, DWORD level, LPBYTE *buffer, DWORD preferred,
                                 LPDWORD read, LPDWORD total, LPDWORD resume)
{
    DWORD status = called("NetShareEnum", server, NULL, NULL, level), came = 0;
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(share_count * (sizeof(SHARE_INFO_502) + 1024));
    for (int index = 0; index < share_count && !status; index++)
        status = share_record(&filler, level, came++, &shares[index]);
    if (status) {
        /* A buffer beside an error is to be freed, too. */
        *buffer = filler.start;
        return status;
    }
    if (resume)
        *resume = 0;
    return listed(filler, buffer, came, 0, came, read, total);
}

static struct share *share_named(const WCHAR *name)
{
    for (int index = 0; index < share_count; index++)
        if (!_wcsicmp(shares[index].name, name))
            return &shares[index];
    return NULL;
}

EXPORT DWORD WINAPI NetShareGetInfo(LPWSTR server, LPWSTR name, DWORD level, LPBYTE *buffer)
{
    DWORD status = called("NetShareGetInfo", server, name, NULL, level);
    *buffer = NULL;
    if (status)
        return status;
    if (!share_named(name))
        return NERR_NetNameNotFound;
    struct filler filler = fill(sizeof(SHARE_INFO_502) + 1024);
    status = share_record(&filler, level, 0, share_named(name));
    *buffer = filler.start;
    return status;
}

static void keep_security(struct share *share, PSECURITY_DESCRIPTOR security)
{
    DWORD length = security ? GetSecurityDescriptorLength(security) : 0;
    if (length && length <= sizeof share->security) {
        memcpy(share->security, security, length);
        share->security_length = length;
    }
}

EXPORT DWORD WINAPI NetShareAdd(LPWSTR server, DWORD level, LPBYTE buffer, LPDWORD bad)
{
    SHARE_INFO_502 *info = (SHARE_INFO_502 *)buffer; /* begins as level 2 does */
    DWORD status = called("NetShareAdd", server, info->shi502_netname, info->shi502_path, level);
    if (status)
        return status;
    if (level != 2 && level != 502)
        return ERROR_INVALID_LEVEL;
    if (share_named(info->shi502_netname))
        return NERR_DuplicateShare;
    if (wcsncmp(info->shi502_path, L"C:", 2)) {
        if (bad)
            *bad = SHARE_PATH_PARMNUM;
        return ERROR_INVALID_PARAMETER;
    }
    struct share *share = &shares[share_count++];
    memset(share, 0, sizeof *share);
    wcsncpy(share->name, info->shi502_netname, 63);
    wcsncpy(share->remark, info->shi502_remark, 63);
    wcsncpy(share->path, info->shi502_path, 63);
    share->type = info->shi502_type;
    share->max_uses = info->shi502_max_uses;
    keep_security(share, descriptor);
    if (level == 502)
        keep_security(share, info->shi502_security_descriptor);
    return NERR_Success;
}

EXPORT DWORD WINAPI NetShareSetInfo(LPWSTR server, LPWSTR name, DWORD level, LPBYTE buffer,
                                    LPDWORD bad)
{
    DWORD status = called("NetShareSetInfo", server, name, NULL, level);
    struct share *share = share_named(name);
    (void)bad;
    if (status)
        return status;
    if (!share)
        return NERR_NetNameNotFound;
    switch (level) {
    case 2:
        wcsncpy(share->remark, ((SHARE_INFO_2 *)buffer)->shi2_remark, 63);
        wcsncpy(share->path, ((SHARE_INFO_2 *)buffer)->shi2_path, 63);
        share->max_uses = ((SHARE_INFO_2 *)buffer)->shi2_max_uses;
        return NERR_Success;
    case 1004:
        wcsncpy(share->remark, ((SHARE_INFO_1004 *)buffer)->shi1004_remark, 63);
        return NERR_Success;
    case 1005:
        share->flags = ((SHARE_INFO_1005 *)buffer)->shi1005_flags;
        return NERR_Success;
    case 1006:
        share->max_uses = ((SHARE_INFO_1006 *)buffer)->shi1006_max_uses;
        return NERR_Success;
    case 1501:
        keep_security(share, ((SHARE_INFO_1501 *)buffer)->shi1501_security_descriptor);
        return NERR_Success;
    }
    return ERROR_INVALID_LEVEL;
}

EXPORT DWORD WINAPI NetShareDel(LPWSTR server, LPWSTR name, DWORD reserved)
{
    DWORD status = called("NetShareDel", server, name, NULL, reserved);
    struct share *share = share_named(name);
    if (status)
        return status;
    if (!share)
        return NERR_NetNameNotFound;
    *share = shares[--share_count];
    return NERR_Success;
}

EXPORT DWORD WINAPI NetServerGetInfo(LPWSTR server, DWORD level, LPBYTE *buffer)
{
    DWORD status = called("NetServerGetInfo", server, NULL, NULL, level);
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(512);
    if (level == 102)
        *(SERVER_INFO_102 *)filler.start = (SERVER_INFO_102){
            500, text(&filler, L"LABWIN"), 10, 0, 0x9003, text(&filler, names[2]), (DWORD)-1, 15,
            0, 240, 3000, 0, text(&filler, L"c:\\")};
    else if (level == 101)
        *(SERVER_INFO_101 *)filler.start = (SERVER_INFO_101){
            500, text(&filler, L"LABWIN"), 10, 0, 0x9003, text(&filler, names[2])};
    else
        *(SERVER_INFO_100 *)filler.start = (SERVER_INFO_100){500, text(&filler, L"LABWIN")};
    *buffer = filler.start;
    return NERR_Success;
}

EXPORT DWORD WINAPI NetServerDiskEnum(LPWSTR server, DWORD level, LPBYTE *buffer,
                                      DWORD preferred, LPDWORD read, LPDWORD total,
                                      LPDWORD resume)
{
    DWORD status = called("NetServerDiskEnum", server, NULL, NULL, level);
    (void)preferred, (void)resume;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(24);
    memcpy(filler.start, L"C:\0D:\0", 12);
    return listed(filler, buffer, 2, 0, 2, read, total);
}

EXPORT DWORD WINAPI NetStatisticsGet(LPWSTR server, LPWSTR service, DWORD level, DWORD options,
                                     LPBYTE *buffer)
{
    DWORD status = called("NetStatisticsGet", server, service, NULL, level);
    (void)options;
    *buffer = NULL;
    if (status)
        return status;
    if (!service || wcscmp(service, L"LanmanServer"))
        return NERR_BadServiceName;
    struct filler filler = fill(sizeof(STAT_SERVER_0));
    memset(filler.start, 0, sizeof(STAT_SERVER_0));
    STAT_SERVER_0 *info = (STAT_SERVER_0 *)filler.start;
    info->sts0_start = 1700000000;
    info->sts0_fopens = 4711;
    info->sts0_bytessent_high = 1;
    *buffer = filler.start;
    return NERR_Success;
}

EXPORT DWORD WINAPI NetRemoteTOD(LPCWSTR server, LPBYTE *buffer)
{
    DWORD status = called("NetRemoteTOD", server, NULL, NULL, -1);
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(sizeof(TIME_OF_DAY_INFO));
    *(TIME_OF_DAY_INFO *)filler.start =
        (TIME_OF_DAY_INFO){1700003600, 5000, 23, 13, 20, 50, -60, 310, 14, 11, 2023, 2};
    *buffer = filler.start;
    return NERR_Success;
}

EXPORT DWORD WINAPI NetWkstaGetInfo(LPWSTR server, DWORD level, LPBYTE *buffer)
{
    DWORD status = called("NetWkstaGetInfo", server, NULL, NULL, level);
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(512);
    *(WKSTA_INFO_102 *)filler.start = (WKSTA_INFO_102){
        500, text(&filler, L"LABWIN"), text(&filler, L"EXAMPLE"), 10, 0, text(&filler, L""), 2};
    *buffer = filler.start;
    return NERR_Success;
}

EXPORT DWORD WINAPI NetWkstaUserEnum(LPWSTR server, DWORD level, LPBYTE *buffer, DWORD preferred,
                                     LPDWORD read, LPDWORD total, LPDWORD resume)
{
    DWORD status = called("NetWkstaUserEnum", server, NULL, NULL, level);
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(512);
    for (DWORD index = 0; index < 2; index++)
        if (level == 0)
            ((WKSTA_USER_INFO_0 *)filler.start)[index].wkui0_username =
                text(&filler, names[index + 1]);
        else
            ((WKSTA_USER_INFO_1 *)filler.start)[index] =
                (WKSTA_USER_INFO_1){text(&filler, names[index + 1]), text(&filler, L"EXAMPLE"),
                                    text(&filler, L""), text(&filler, L"DC1")};
    if (resume)
        *resume = 0;
    return listed(filler, buffer, 2, 0, 2, read, total);
}

/* Names that Wine knows too: it is asked for their SIDs. */
static WCHAR *local_groups[] = {L"Administrators", L"Users", L"Guests"};

EXPORT DWORD WINAPI NetLocalGroupEnum(LPCWSTR server, DWORD level, LPBYTE *buffer, DWORD preferred,
                                      LPDWORD read, LPDWORD total, PDWORD_PTR resume)
{
    DWORD status = called("NetLocalGroupEnum", server, NULL, NULL, level);
    DWORD from = resume && *resume ? (DWORD)(*resume - WIDE) : 0;
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    /* One a page. */
    struct filler filler = fill(256);
    *(LOCALGROUP_INFO_1 *)filler.start = (LOCALGROUP_INFO_1){
        text(&filler, local_groups[from]), from == 2 ? NULL : text(&filler, names[from + 2])};
    if (resume)
        *resume = WIDE + from + 1;
    return listed(filler, buffer, 1, from, 3, read, total);
}

EXPORT DWORD WINAPI NetLocalGroupGetMembers(LPCWSTR server, LPCWSTR group, DWORD level,
                                            LPBYTE *buffer, DWORD preferred, LPDWORD read,
                                            LPDWORD total, PDWORD_PTR resume)
{
    DWORD status = called("NetLocalGroupGetMembers", server, group, NULL, level);
    (void)preferred;
    *buffer = NULL;
    *read = *total = 0;
    if (status)
        return status;
    if (!_wcsicmp(group, L"Guests"))
        return ERROR_ACCESS_DENIED;
    if (_wcsicmp(group, L"Administrators"))
        return NERR_Success;
    struct filler filler = fill(512);
    ((LOCALGROUP_MEMBERS_INFO_2 *)filler.start)[0] = (LOCALGROUP_MEMBERS_INFO_2){
        put(&filler, users_sid, sizeof users_sid), SidTypeGroup,
        text(&filler, L"EXAMPLE\\Domain Admins")};
    ((LOCALGROUP_MEMBERS_INFO_2 *)filler.start)[1] = (LOCALGROUP_MEMBERS_INFO_2){
        put(&filler, administrators, sizeof administrators), SidTypeUnknown, NULL};
    if (resume)
        *resume = 0;
    return listed(filler, buffer, 2, 0, 2, read, total);
}

EXPORT DWORD WINAPI NetGroupEnum(LPCWSTR server, DWORD level, LPBYTE *buffer, DWORD preferred,
                                 LPDWORD read, LPDWORD total, PDWORD_PTR resume)
{
    DWORD status = called("NetGroupEnum", server, NULL, NULL, level);
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(512);
    *(GROUP_INFO_3 *)filler.start = (GROUP_INFO_3){
        text(&filler, L"Domain Users"), text(&filler, L"Everyone here"),
        put(&filler, users_sid, sizeof users_sid), 7};
    if (resume)
        *resume = 0;
    return listed(filler, buffer, 1, 0, 1, read, total);
}

EXPORT DWORD WINAPI NetGroupGetUsers(LPCWSTR server, LPCWSTR group, DWORD level, LPBYTE *buffer,
                                     DWORD preferred, LPDWORD read, LPDWORD total,
                                     PDWORD_PTR resume)
{
    DWORD status = called("NetGroupGetUsers", server, group, NULL, level);
    (void)preferred;
    *buffer = NULL;
    if (status)
        return status;
    struct filler filler = fill(256);
    *(GROUP_USERS_INFO_1 *)filler.start = (GROUP_USERS_INFO_1){text(&filler, names[2]), 7};
    if (resume)
        *resume = 0;
    return listed(filler, buffer, 1, 0, 1, read, total);
}

EXPORT DWORD WINAPI NetUserGetGroups(LPCWSTR server, LPCWSTR user, DWORD level, LPBYTE *buffer,
                                     DWORD preferred, LPDWORD read, LPDWORD total)
{
    DWORD status = called("NetUserGetGroups", server, user, NULL, level);
    (void)preferred;
    *buffer = NULL;
    *read = *total = 0;
    if (status)
        return status;
    if (!_wcsicmp(user, L"nobody"))
        return NERR_UserNotFound;
    struct filler filler = fill(256);
    *(GROUP_USERS_INFO_1 *)filler.start = (GROUP_USERS_INFO_1){text(&filler, L"Domain Users"), 7};
    return listed(filler, buffer, 1, 0, 1, read, total);
}

EXPORT DWORD WINAPI NetUserGetLocalGroups(LPCWSTR server, LPCWSTR user, DWORD level, DWORD flags,
                                          LPBYTE *buffer, DWORD preferred, LPDWORD read,
                                          LPDWORD total)
{
    DWORD status = called("NetUserGetLocalGroups", server, user, NULL, flags);
    DWORD came = 0;
    (void)preferred, (void)level;
    *buffer = NULL;
    *read = *total = 0;
    if (status)
        return status;
    if (!_wcsicmp(user, L"nobody"))
        return NERR_UserNotFound;
    struct filler filler = fill(256);
    ((LOCALGROUP_USERS_INFO_0 *)filler.start)[came++].lgrui0_name = text(&filler, L"Users");
    if (flags & LG_INCLUDE_INDIRECT)
        ((LOCALGROUP_USERS_INFO_0 *)filler.start)[came++].lgrui0_name =
            text(&filler, L"Administrators");
    return listed(filler, buffer, came, 0, came, read, total);
}
