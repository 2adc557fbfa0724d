// The floor: on each client's frame, one send(2) of the same ready frame to each reader. It parses nothing that it
// needn't: the handshake's answer is no proof, and a mask is zeros.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 65536
static int readers[MOST], count, upgraded[MOST];
static unsigned char received[MOST], frame[MOST];
static const char *ANSWER =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static void send_to_all(int size) {
  int at = 0;
  while (at + 6 <= size) {
    int length = received[at + 1] & 127, head = length == 126 ? 4 : 2;
    if (length == 126) length = received[at + 2] << 8 | received[at + 3];
    memcpy(frame, received + at, head);
    frame[1] &= 127;  // no mask
    memcpy(frame + head, received + at + head + 4, length);
    for (int i = 0; i < count; i++)
      send(readers[i], frame, head + length, MSG_NOSIGNAL | MSG_DONTWAIT);
    at += head + 4 + length;
  }
}

static void leave(int fd) {
  for (int i = 0; i < count; i++)
    if (readers[i] == fd) readers[i] = readers[--count];
  upgraded[fd] = 0;
  close(fd);
}

int main(void) {
  int one = 1, listening = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  bind(listening, (void *)&address, size);
  listen(listening, 4096);
  getsockname(listening, (void *)&address, &size);
  printf(":%d/\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listening}, ready[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, listening, &event);
  for (;;) {
    int many = epoll_wait(poll, ready, 256, -1);
    for (int i = 0; i < many; i++) {
      int fd = ready[i].data.fd;
      if (fd == listening) {
        fd = event.data.fd = accept(listening, 0, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      int got = recv(fd, received, sizeof received, 0);
      if (got <= 0) {
        leave(fd);
      } else if (upgraded[fd]) {
        send_to_all(got);
      } else {
        send(fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL);
        upgraded[fd] = 1;
        readers[count++] = fd;
      }
    }
  }
}
