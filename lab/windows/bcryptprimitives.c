/* What Wine 8 lacks of the bcryptprimitives.dll that every Rust program for
 * Windows takes its randomness from. Real Windows has had it since version 7. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
