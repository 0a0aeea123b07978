/* A secur32.dll for tests under Wine: three logon sessions, the last of which
 * may not be looked at, and who runs the program.
 *
 * Environment: SMBWHO_LAB_LOG as in netapi32.c.
 */
#include "heap.h"
#include <ntsecapi.h>

#define EXPORT __declspec(dllexport)
#define STATUS_ACCESS_DENIED ((NTSTATUS)0xc0000022)

static BYTE alice[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
                       3, 0, 0, 0, 0x51, 4, 0, 0};

BOOL WINAPI DllMain(HINSTANCE dll, DWORD reason, LPVOID reserved)
{
    (void)dll, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        heap_begin();
    else if (reason == DLL_PROCESS_DETACH)
        heap_end("secur32");
    return TRUE;
}

EXPORT NTSTATUS WINAPI LsaFreeReturnBuffer(PVOID buffer)
{
    give_back(buffer);
    return 0;
}

EXPORT NTSTATUS WINAPI LsaEnumerateLogonSessions(PULONG count, PLUID *list)
{
    DWORD sessions = number(L"SMBWHO_LAB_LOGONS", 3);
    struct filler filler = fill(sessions * sizeof(LUID));
    note("LsaEnumerateLogonSessions");
    for (DWORD index = 0; index < sessions; index++)
        ((LUID *)filler.start)[index] = (LUID){0x3e7 + index, 0};
    *count = sessions;
    *list = (PLUID)filler.start;
    return 0;
}

/* Not ended by a NUL: the length is what counts. */
static LSA_UNICODE_STRING counted(struct filler *filler, const WCHAR *source)
{
    USHORT length = (USHORT)(wcslen(source) * sizeof(WCHAR));
    return (LSA_UNICODE_STRING){length, length, put(filler, source, length)};
}

EXPORT NTSTATUS WINAPI LsaGetLogonSessionData(PLUID id, PSECURITY_LOGON_SESSION_DATA *data)
{
    DWORD index = id->LowPart - 0x3e7;
    *data = NULL;
    if (index == 2)
        return STATUS_ACCESS_DENIED;
    struct filler filler = fill(sizeof(SECURITY_LOGON_SESSION_DATA) + 512);
    SECURITY_LOGON_SESSION_DATA *session = (SECURITY_LOGON_SESSION_DATA *)filler.start;
    memset(session, 0, sizeof *session);
    session->Size = sizeof *session;
    session->LogonId = *id;
    session->UserName = counted(&filler, index ? L"\u017b\u00f3\u0142\u0107" : L"LABWIN$");
    session->LogonDomain = counted(&filler, L"EXAMPLE");
    session->AuthenticationPackage = counted(&filler, index ? L"Kerberos" : L"Negotiate");
    session->LogonType = index ? RemoteInteractive : 0;
    session->Session = index ? 2 : 0;
    if (index) {
        session->Sid = put(&filler, alice, sizeof alice);
        session->LogonServer = counted(&filler, L"DC1");
        session->DnsDomainName = counted(&filler, L"EXAMPLE.COM");
        session->Upn = counted(&filler, L"alice@example.com");
    }
    /* 2023-11-14T22:13:20Z */
    session->LogonTime.QuadPart = 133444736000000000LL;
    session->PasswordMustChange.QuadPart = 0x7fffffffffffffffLL;
    *data = session;
    return 0;
}

EXPORT BOOLEAN WINAPI GetUserNameExW(int format, LPWSTR name, PULONG size)
{
    (void)format;
    if (*size < 16)
        return FALSE;
    wcscpy(name, L"EXAMPLE\\alice");
    *size = 13;
    return TRUE;
}
