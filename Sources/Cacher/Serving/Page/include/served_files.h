#pragma once
#include <stddef.h>

/// A file that was put into the executable when it was built.
typedef struct {
    const unsigned char *bytes;
    size_t count;
} tickline_file;

tickline_file tickline_page(void);
tickline_file tickline_icon(void);
tickline_file tickline_openapi(void);
