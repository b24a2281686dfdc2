#include "analysis/data/words.h"

const char *const res_role_words[RES_ROLES] = {
#define REC_ROLE(ID, WORD, ...) [RES_ROLE_##ID] = WORD,
#include "record/words.def"
};
