// A Secret is no field of a log record.
#include "base/log.h"
#include "base/secret.h"

void caller(const midwatch::Secret& token) {
#ifdef MIDWATCH_CONTROL
  MW_LOG(kInfo, "signed in", {{"token_set", !token.empty()}});
#else
  MW_LOG(kInfo, "signed in", {{"token", token}});
#endif
}
