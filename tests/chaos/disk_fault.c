/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into k2i: makes a disk fail under one folder. The word in the file K2I_FAULT_SWITCH says how, at each call:
 *   eio     fsync and fdatasync fail with EIO
 *   enospc  writes fail with ENOSPC
 *   nosync  fsync and fdatasync do nothing (for measuring what they cost)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int switched_to(const char* word) {
  const char* path = getenv("K2I_FAULT_SWITCH");
  char text[16] = {0};
  if (path == NULL) return 0;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  (void)!syscall(SYS_read, file, text, sizeof(text) - 1);
  syscall(SYS_close, file);
  return strncmp(text, word, strlen(word)) == 0;
}

static int under_folder(int fd) {
  const char* folder = getenv("K2I_FAULT_DIR");
  char link[64], path[4096];
  if (folder == NULL) return 0;
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof(path) - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int sync_or_fail(int fd, long call) {
  if (under_folder(fd)) {
    if (switched_to("nosync")) return 0;
    if (switched_to("eio")) {
      errno = EIO;
      return -1;
    }
  }
  return (int)syscall(call, fd);
}

int fsync(int fd) { return sync_or_fail(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_or_fail(fd, SYS_fdatasync); }

static int is_full(int fd) {
  if (!under_folder(fd) || !switched_to("enospc")) return 0;
  errno = ENOSPC;
  return 1;
}

ssize_t write(int fd, const void* data, size_t size) { return is_full(fd) ? -1 : syscall(SYS_write, fd, data, size); }
ssize_t writev(int fd, const struct iovec* parts, int count) {
  return is_full(fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return is_full(fd) ? -1 : syscall(SYS_pwrite64, fd, data, size, offset);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }
