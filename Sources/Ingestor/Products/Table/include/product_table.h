#pragma once
#include <stddef.h>

/// The table of products as it stood when the program was built: products.csv.
const unsigned char *tickline_products(void);
size_t tickline_products_count(void);
