// SPDX-License-Identifier: Apache-2.0
#include "engines/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace k2i::engines {
namespace {

constexpr size_t kMostOut = size_t{1} << 20, kMostErr = size_t{64} << 10;
constexpr int kPollMs = 200, kMostReads = 256;
constexpr auto kPatience = std::chrono::seconds(10);

std::string Reason(int error) { return std::system_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(ErrorCode::kInternal, "pipe: " + Reason(errno));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

/// What the new process starts with.
class SpawnPlan {
 public:
  SpawnPlan(int out, int err) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files_, err, STDERR_FILENO);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  Result<pid_t> Start(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, arguments[0], &files_, &attributes_, arguments.data(), environ);
    if (error == 0) return pid;
    return Fail(ErrorCode::kInvalidConfig, "cannot run " + command.front() + ": " + Reason(error), Component::kConfig);
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

/// The child's two outputs, and what has been read of them.
struct Outputs {
  Descriptor out, err;
  ChildOutput read;

  /// Takes what there is, waiting for the first of it. What is endless is left to the next call.
  void Take(int wait_ms) {
    for (int i = 0; i < kMostReads; ++i, wait_ms = 0) {
      pollfd fds[] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
      if (::poll(fds, 2, wait_ms) <= 0) return;
      if (fds[0].revents != 0) ReadSome(out, read.out);
      if (fds[1].revents != 0) ReadSome(err, read.err);
      if (read.out.size() > kMostOut) read.out.resize(kMostOut);
      if (read.err.size() > kMostErr) read.err.erase(0, read.err.size() - kMostErr);
    }
  }

 private:
  static void ReadSome(Descriptor& from, std::string& into) {
    char bytes[4096];
    const ssize_t count = ::read(from.get(), bytes, sizeof(bytes));
    if (count > 0) into.append(bytes, static_cast<size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) from.Close();
  }
};

int ExitCodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/// A running child; whatever happens, it is ended and waited for.
class Child {
 public:
  Child(pid_t pid, Clock& clock) : pid_(pid), clock_(clock) {}
  ~Child() {
    if (pid_ > 0) End(SIGKILL);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void Stop() {
    if (!asked_) {
      ::kill(-pid_, SIGTERM);
      asked_ = true;
      kill_at_ = clock_.monotonic() + kPatience;
    } else if (clock_.monotonic() > kill_at_) {
      ::kill(-pid_, SIGKILL);
    }
  }
  bool asked() const { return asked_; }

  /// The exit code once it has ended.
  std::optional<int> Poll() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return ExitCodeOf(status);
  }

 private:
  void End(int signal) {
    ::kill(-pid_, signal);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  pid_t pid_;
  Clock& clock_;
  bool asked_ = false;
  Duration kill_at_{0};
};

}  // namespace

Result<ChildOutput> RunChild(const std::vector<std::string>& command, Clock& clock,
                             const std::function<void()>& on_wait, std::stop_token stop) {
  K2I_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  K2I_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  SpawnPlan plan(out.write.get(), err.write.get());
  K2I_ASSIGN_OR_RETURN(const pid_t pid, plan.Start(command));
  Child child(pid, clock);
  out.write.Close();
  err.write.Close();
  Outputs outputs{std::move(out.read), std::move(err.read), {}};
  // What it leaves running may hold the pipes open: its own end counts.
  std::optional<int> ended;
  while (!ended) {
    outputs.Take(kPollMs);
    if (stop.stop_requested()) child.Stop();
    if (on_wait) on_wait();
    ended = child.Poll();
  }
  if (child.asked()) return Fail(ErrorCode::kCancelled, "stopped; " + command.front() + " has been ended");
  outputs.Take(0);
  outputs.read.exit_code = *ended;
  return std::move(outputs.read);
}

}  // namespace k2i::engines
