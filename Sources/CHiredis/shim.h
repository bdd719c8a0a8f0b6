#ifndef VIGIA_CHIREDIS_H
#define VIGIA_CHIREDIS_H

#include <hiredis/read.h>

#endif
