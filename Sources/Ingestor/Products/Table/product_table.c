#include "product_table.h"

static const unsigned char products[] = {
#embed "products.csv"
};

const unsigned char *tickline_products(void) { return products; }
size_t tickline_products_count(void) { return sizeof products; }
