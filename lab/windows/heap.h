/* Buffers as the system has them, made so that every mistake shows.
 *
 * Each buffer has pages of its own, and ends where they end: one byte beyond
 * it lies a page that nobody may touch. What is freed is filled with 0xdd and
 * then shut, so that whoever still reads it is killed. At the end of the
 * program a line in the log says how many buffers were handed out and freed,
 * how many were missed, freed twice, or were none of ours.
 *
 * Included by each DLL: the buffers of one are not those of the other.
 */
#include <windows.h>
#include <stdio.h>

#define MAX_BUFFERS 65536
#define PAGE 4096

static struct {
    BYTE *pages;
    BYTE *start;
    SIZE_T size;
    int frees;
} buffers[MAX_BUFFERS];
static int buffer_count, freed, doubled, foreign;
static CRITICAL_SECTION lock;

/* Writes a line to the file named by SMBWHO_LAB_LOG. */
static void note(const char *format, ...)
{
    WCHAR name[MAX_PATH];
    char line[2048];
    va_list arguments;
    DWORD written, length = GetEnvironmentVariableW(L"SMBWHO_LAB_LOG", name, MAX_PATH);
    HANDLE file;

    if (!length || length >= MAX_PATH)
        return;
    va_start(arguments, format);
    length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    file = CreateFileW(name, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, line, length, &written, NULL);
    CloseHandle(file);
}

/* A buffer of so many bytes. */
static BYTE *take(SIZE_T size)
{
    SIZE_T room = (size + PAGE - 1) / PAGE * PAGE;
    BYTE *pages = VirtualAlloc(NULL, room + PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    int index;

    VirtualProtect(pages + room, PAGE, PAGE_NOACCESS, &old);
    memset(pages, 0xaa, room);
    EnterCriticalSection(&lock);
    index = buffer_count++;
    buffers[index].pages = pages;
    buffers[index].start = pages + room - size;
    buffers[index].size = size;
    LeaveCriticalSection(&lock);
    return pages + room - size;
}

static int find(const void *start)
{
    for (int index = 0; index < buffer_count; index++)
        if (buffers[index].start == start)
            return index;
    return -1;
}

static void give_back(const void *start)
{
    DWORD old;
    int index;

    EnterCriticalSection(&lock);
    index = find(start);
    if (index < 0) {
        foreign++;
    } else if (buffers[index].frees++) {
        doubled++;
    } else {
        SIZE_T room = buffers[index].start + buffers[index].size - buffers[index].pages;
        freed++;
        memset(buffers[index].pages, 0xdd, room);
        VirtualProtect(buffers[index].pages, room, PAGE_NOACCESS, &old);
    }
    LeaveCriticalSection(&lock);
}

static void heap_begin(void)
{
    InitializeCriticalSection(&lock);
}

static void heap_end(const char *dll)
{
    note("%s: handed out %d, freed %d, missed %d, doubled %d, foreign %d", dll, buffer_count,
         freed, buffer_count - freed, doubled, foreign);
}

/* A buffer that is filled from both ends: records from the beginning, what
 * they point to from the end. */
struct filler {
    BYTE *start;
    BYTE *end;
};

static struct filler fill(SIZE_T size)
{
    struct filler filler;
    size = (size + 7) & ~(SIZE_T)7;
    filler.start = take(size);
    filler.end = filler.start + size;
    return filler;
}

static void *put(struct filler *filler, const void *bytes, SIZE_T length)
{
    filler->end = (BYTE *)((ULONG_PTR)(filler->end - length) & ~(ULONG_PTR)3);
    memcpy(filler->end, bytes, length);
    return filler->end;
}

__attribute__((unused)) static WCHAR *text(struct filler *filler, const WCHAR *source)
{
    return source ? put(filler, source, (wcslen(source) + 1) * sizeof(WCHAR)) : NULL;
}

/* A number of the environment. */
static DWORD number(const WCHAR *name, DWORD otherwise)
{
    WCHAR value[32];
    DWORD length = GetEnvironmentVariableW(name, value, 32);
    return length && length < 32 ? wcstoul(value, NULL, 0) : otherwise;
}

/* UTF-16 to the UTF-8 of the log; `-` for null. One at a time of each place. */
__attribute__((unused)) static const char *narrow(const WCHAR *wide, char *room, int size)
{
    if (!wide)
        return "-";
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, room, size, NULL, NULL);
    return room;
}
