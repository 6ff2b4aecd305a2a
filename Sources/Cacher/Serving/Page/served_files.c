// C23's #embed puts files into the executable at no cost to the compiler; SwiftPM's .embedInCode makes them an array literal
// in Swift, which takes 20 s to compile.
#include "served_files.h"

static const unsigned char page[] = {
#embed "index.html"
};
static const unsigned char icon[] = {
#embed "favicon.svg"
};
static const unsigned char openapi[] = {
#embed "../API/openapi.json"
};

tickline_file tickline_page(void) { return (tickline_file){page, sizeof page}; }
tickline_file tickline_icon(void) { return (tickline_file){icon, sizeof icon}; }
tickline_file tickline_openapi(void) { return (tickline_file){openapi, sizeof openapi}; }
