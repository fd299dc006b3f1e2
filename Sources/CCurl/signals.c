#include "signals.h"

#include <curl/curl.h>
#include <pthread.h>
#include <time.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode initialised;

/* curl_global_init is not thread-safe in every build of libcurl. */
static void initialise(void) {
    initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int ccurl_initialise(void) {
    pthread_once(&once, initialise);
    return initialised == CURLE_OK ? 0 : 1;
}

sigset_t ccurl_block_sigpipe(int *was_pending) {
    sigset_t pipe_set, before, pending;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    sigpending(&pending);
    *was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
    return before;
}

void ccurl_restore_sigpipe(sigset_t before, int was_pending) {
    sigset_t pipe_set;
    struct timespec none = {0, 0};
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    if (!was_pending) {
        while (sigtimedwait(&pipe_set, NULL, &none) > 0) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
