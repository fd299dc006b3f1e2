/* The floor under every HTTP server of one thread: epoll, read, write, nothing in between.

   It sends one prepared answer for each read that ends a head, whatever was asked; on the second port another one, after
   which it closes. No parsing, no limits, no deadlines: never a server, only something to compare with.

   usage: bare-epoll PORT FILE CLOSING-PORT CLOSING-FILE        each file holds a whole answer, head and body */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_MAX 65536

static char answers[2][1 << 20];
static size_t lengths[2];
static int listeners[2];
static unsigned char closes[FILES_MAX];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void open_listener(int number, const char *port, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    lengths[number] = fread(answers[number], 1, sizeof answers[number], file);
    fclose(file);
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) fail("listen");
    listeners[number] = listener;
}

static void take(int queue, int listener) {
    int fresh;
    while ((fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fresh >= FILES_MAX) {
            close(fresh);
            continue;
        }
        closes[fresh] = listener == listeners[1];
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fresh};
        epoll_ctl(queue, EPOLL_CTL_ADD, fresh, &event);
    }
}

static void answer(int peer) {
    static char request[16384];
    const ssize_t got = read(peer, request, sizeof request);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close(peer);
        return;
    }
    if (got < 4 || memcmp(request + got - 4, "\r\n\r\n", 4)) return;
    const int which = closes[peer];
    size_t sent = 0;
    while (sent < lengths[which]) {
        const ssize_t part = write(peer, answers[which] + sent, lengths[which] - sent);
        if (part < 0 && errno == EAGAIN) continue; /* only with answers larger than the socket's buffer */
        if (part < 0) break;
        sent += part;
    }
    if (which) close(peer);
}

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "usage: %s PORT FILE CLOSING-PORT CLOSING-FILE\n", words[0]);
        return 2;
    }
    const int queue = epoll_create1(0);
    for (int number = 0; number < 2; number++) {
        open_listener(number, words[1 + 2 * number], words[2 + 2 * number]);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = listeners[number]};
        epoll_ctl(queue, EPOLL_CTL_ADD, listeners[number], &event);
    }
    for (;;) {
        struct epoll_event events[256];
        const int ready = epoll_wait(queue, events, 256, -1);
        for (int number = 0; number < ready; number++) {
            const int peer = events[number].data.fd;
            if (peer == listeners[0] || peer == listeners[1])
                take(queue, peer);
            else
                answer(peer);
        }
    }
}
