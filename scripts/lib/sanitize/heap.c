// What Leak Sanitizer can't do by itself; linked into what scripts/sanitize builds for `address`.
//
// It looks when a program ends by `exit`. Our services end by `_exit` while one of their threads still takes a Kafka client down, so
// here it looks then too.
//
// Into the file that SANITIZE_HEAP names is written what the program holds on its heap, in bytes, one line a second, and `end` when
// Leak Sanitizer has looked. Resident memory would say little: Address Sanitizer keeps what was freed, and shadows of everything.
// Tests/Soak/hours.py reads it.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t __sanitizer_get_current_allocated_bytes(void);
void __lsan_do_leak_check(void);

static FILE *file;

static void *watch(void *nothing) {
    for (;; sleep(1)) fprintf(file, "%zu\n", __sanitizer_get_current_allocated_bytes());
    return nothing;
}

static void end(void) {
    __lsan_do_leak_check();
    if (file) fputs("end\n", file);
}

void _exit(int code) {
    end();
    for (;;) syscall(SYS_exit_group, code);
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SANITIZE_HEAP");
    pthread_t thread;
    atexit(end);
    if (!path || !(file = fopen(path, "a"))) return;
    setvbuf(file, NULL, _IOLBF, 0);
    if (!pthread_create(&thread, NULL, watch, NULL)) pthread_detach(thread);
}
