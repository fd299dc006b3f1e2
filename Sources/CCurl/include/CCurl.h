/*
 * Two uses of libcurl as plain functions, SMTP and a bounded GET: curl_easy_setopt is variadic, which Swift cannot call.
 *
 * Linked by the target's `linkerSettings: [.linkedLibrary("curl")]`; Debian: libcurl4-openssl-dev.
 */
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

/* How the connection is protected. */
enum {
    CCURL_PLAIN = 0,    /* not at all */
    CCURL_STARTTLS = 1, /* STARTTLS, or nothing is sent */
    CCURL_TLS = 2       /* from the first byte; the URL says smtps */
};

/* The results that callers tell apart; any other is one of libcurl's CURLcode. */
enum {
    CCURL_SENT = 0,
    CCURL_ACCESS_DENIED = 9,   /* the server refused EHLO and HELO */
    CCURL_TLS_UNAVAILABLE = 64, /* STARTTLS was required and not to be had */
    CCURL_SIGN_IN_DENIED = 67
};

/* Bytes that `error_text` must have room for. */
#define CCURL_ERROR_BYTES 256

/*
 * Sends one message to one recipient; blocks until the server has answered, or a timeout.
 *
 *   url             smtp://host:port/name or smtps://host:port/name; `name` is what EHLO says
 *   security        CCURL_PLAIN, CCURL_STARTTLS or CCURL_TLS
 *   ca_file         PEM certificates to trust instead of the system's, or NULL
 *   user, password  how to sign in, or both NULL
 *   mail_from, recipient  ASCII addresses, without angle brackets, already checked: they go into commands as they are
 *   message         the bytes after DATA, CRLF lines, neither dot-stuffed nor ended with a dot
 *   response_code   gets the server's last reply code, 0 if there was none
 *   error_text      CCURL_ERROR_BYTES; gets a text that ends with NUL; holds no line of the server's
 *
 * Returns CCURL_SENT only after the server has taken the message over (250 after DATA).
 */
int ccurl_send_mail(
    const char *url,
    int security,
    const char *ca_file,
    const char *user,
    const char *password,
    const char *mail_from,
    const char *recipient,
    const uint8_t *message,
    size_t message_bytes,
    long connect_timeout_ms,
    long total_timeout_ms,
    long *response_code,
    char *error_text);

/*
 * Gets a URL; blocks until the answer is whole, or a timeout. No redirect is followed.
 *
 *   url             http:// or https://
 *   ca_file         PEM certificates to trust instead of the system's, or NULL
 *   body            gets the body; one of more than body_bytes_max is an error
 *   body_bytes      gets its length
 *   response_code   gets the status, 0 if there was none
 *   error_text      CCURL_ERROR_BYTES; gets a text that ends with NUL
 *
 * Returns 0, or one of libcurl's CURLcode.
 */
int ccurl_fetch(
    const char *url,
    const char *ca_file,
    long timeout_ms,
    uint8_t *body,
    size_t body_bytes_max,
    size_t *body_bytes,
    long *response_code,
    char *error_text);

#endif
