/* What both of libcurl's uses need around a call. */
#ifndef CCURL_SIGNALS_H
#define CCURL_SIGNALS_H

#include <signal.h>

/* Initialises libcurl once in the process; 0 when it could be. */
int ccurl_initialise(void);

/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE alone, and a write of the TLS library's may still raise it: that would
 * end the whole server. So it is blocked on this thread for the time of the call, and taken if it came. */
sigset_t ccurl_block_sigpipe(int *was_pending);
void ccurl_restore_sigpipe(sigset_t before, int was_pending);

#endif
