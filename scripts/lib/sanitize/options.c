// How the sanitizers report, linked into everything that scripts/sanitize builds: tests start services with an environment of
// their own making, so what stands here must not hang on the environment.
//
// A report goes into a file of its process and doesn't change how the process ends, so that tests which look at exit codes see the
// program's own; only what Address Sanitizer finds ends the process, as it must. scripts/sanitize counts the files.
//
// REPORTS is the folder for the files, SYMBOLIZER llvm-symbolizer's path, SUPPRESSIONS the file with what isn't ours.
#define COMMON "log_path=" REPORTS "/report:log_exe_name=1:external_symbolizer_path=" SYMBOLIZER ":exitcode=0"

const char *__tsan_default_options(void) { return COMMON ":history_size=4:second_deadlock_stack=1:suppressions=" SUPPRESSIONS; }

// LSan's own suppressions are given in its own options: Address Sanitizer has others.
const char *__asan_default_options(void) {
    return COMMON ":abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=0:check_initialization_order=1";
}

const char *__lsan_default_options(void) { return "print_suppressions=0:suppressions=" SUPPRESSIONS; }
