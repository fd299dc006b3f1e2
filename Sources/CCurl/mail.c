#include "CCurl.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "signals.h"

_Static_assert(CCURL_ERROR_BYTES >= CURL_ERROR_SIZE, "libcurl writes up to CURL_ERROR_SIZE bytes");
_Static_assert((int)CCURL_SENT == (int)CURLE_OK, "as libcurl");
_Static_assert((int)CCURL_ACCESS_DENIED == (int)CURLE_REMOTE_ACCESS_DENIED, "as libcurl");
_Static_assert((int)CCURL_TLS_UNAVAILABLE == (int)CURLE_USE_SSL_FAILED, "as libcurl");
_Static_assert((int)CCURL_SIGN_IN_DENIED == (int)CURLE_LOGIN_DENIED, "as libcurl");

struct reader {
    const uint8_t *next;
    size_t left;
};

static size_t read_message(char *buffer, size_t size, size_t count, void *context) {
    struct reader *reader = context;
    size_t bytes = size * count < reader->left ? size * count : reader->left;
    memcpy(buffer, reader->next, bytes);
    reader->next += bytes;
    reader->left -= bytes;
    return bytes;
}

/* A server's answer has no body; were there one, libcurl would print it. */
static size_t discard(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static CURLcode set_connection(
    CURL *curl, const char *url, int security, const char *ca_file, long connect_timeout_ms, long total_timeout_ms) {
    CURLcode code = CURLE_OK;
#define SET(option, value) if (code == CURLE_OK) code = curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, security == CCURL_TLS ? "smtps" : "smtp");
    SET(CURLOPT_PROXY, ""); /* else the environment's would be taken */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, total_timeout_ms);
    /* ALL: where STARTTLS is not offered or fails, the connection ends; TRY would go on in clear. */
    SET(CURLOPT_USE_SSL, security == CCURL_PLAIN ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file) {
        SET(CURLOPT_CAINFO, ca_file);
        SET(CURLOPT_CAPATH, NULL); /* this file alone, not the system's certificates too */
    }
    return code;
}

static CURLcode set_message(
    CURL *curl, const char *user, const char *password, const char *mail_from, struct curl_slist *recipients,
    struct reader *reader) {
    CURLcode code = CURLE_OK;
    if (user) {
        SET(CURLOPT_USERNAME, user);
        SET(CURLOPT_PASSWORD, password ? password : "");
    }
    SET(CURLOPT_MAIL_FROM, mail_from);
    SET(CURLOPT_MAIL_RCPT, recipients);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, read_message);
    SET(CURLOPT_READDATA, reader);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)reader->left);
    SET(CURLOPT_WRITEFUNCTION, discard);
#undef SET
    return code;
}

int ccurl_send_mail(
    const char *url, int security, const char *ca_file, const char *user, const char *password, const char *mail_from,
    const char *recipient, const uint8_t *message, size_t message_bytes, long connect_timeout_ms, long total_timeout_ms,
    long *response_code, char *error_text) {
    *response_code = 0;
    error_text[0] = '\0';
    struct reader reader = {message, message_bytes};
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    CURL *curl = ccurl_initialise() == 0 ? curl_easy_init() : NULL;
    CURLcode code = curl && recipients ? CURLE_OK : CURLE_FAILED_INIT;

    int was_pending;
    sigset_t before = ccurl_block_sigpipe(&was_pending);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
    if (code == CURLE_OK) code = set_connection(curl, url, security, ca_file, connect_timeout_ms, total_timeout_ms);
    if (code == CURLE_OK) code = set_message(curl, user, password, mail_from, recipients, &reader);
    if (code == CURLE_OK) code = curl_easy_perform(curl);
    if (curl) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, response_code);
    if (code != CURLE_OK && error_text[0] == '\0')
        snprintf(error_text, CCURL_ERROR_BYTES, "%s", curl_easy_strerror(code));
    /* The error buffer must outlive the handle. */
    if (curl) curl_easy_cleanup(curl);
    ccurl_restore_sigpipe(before, was_pending);
    curl_slist_free_all(recipients);
    return code;
}
