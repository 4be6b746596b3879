/*
 * What a disk holds when the power goes: a library for LD_PRELOAD that keeps a second copy of a directory, with
 * nothing in it but what was synced. Killing a process proves little about durability, because the kernel still has
 * its unsynced writes; a start from the second copy does not have them.
 *
 *   POWERCUT_ROOT    absolute path of the directory to watch
 *   POWERCUT_SHADOW  absolute path of the directory that receives what was synced
 *
 * Rules:
 *   - After each successful fsync or fdatasync of a watched file its copy equals the file at that moment. Nothing
 *     else puts bytes into a copy, except writes through a descriptor that was opened with O_SYNC or O_DSYNC.
 *   - Being killed in the middle of a sync leaves a part of it in the copy, as a power cut would. No sync has
 *     returned then.
 *   - A new file appears in the shadow with its first sync (ext4 and XFS do the same; POSIX asks for a sync of its
 *     directory). A file that was never synced is not there at all.
 *   - unlink and rename count at once, which is the kinder half of what a disk may do. A file that is renamed before
 *     its first sync arrives empty: the unkind half, which file systems really do.
 *   - sync_file_range, sync and syncfs count as no sync. Directories appear with the first synced file in them.
 *   - Names that end in -shm are ignored: SQLite rebuilds that file, and a crash never needs it.
 * Not seen: stores through writable shared mappings, io_uring, aio, stdio streams, hard links, raw syscall(2). Linux
 * with glibc only.
 *
 * Locks: `table` guards the list of files; each file's `lock` is held over its writes and over sync plus copy, so that
 * no unsynced write slips in between. Order: table, then file. close and dup take no lock and so are safe in the child
 * of a fork.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The next definition of a function, looked up once. Two threads may both look it up: they find the same. */
#define REAL(name, type, ...)                                                                                         \
    typedef type (*name##_fn)(__VA_ARGS__);                                                                           \
    static name##_fn real_##name(void) {                                                                              \
        static _Atomic(void *) found;                                                                                 \
        void *f = atomic_load_explicit(&found, memory_order_relaxed);                                                 \
        if (!f) {                                                                                                     \
            f = dlsym(RTLD_NEXT, #name);                                                                              \
            if (!f) die("a function is missing: " #name);                                                             \
            atomic_store_explicit(&found, f, memory_order_relaxed);                                                   \
        }                                                                                                             \
        return (name##_fn)f;                                                                                          \
    }

/* A copy that is silently wrong would make a test lie, so every surprise ends the process. */
static void die(const char *why) {
    static const char head[] = "powercut: ";
    ssize_t n = writev(2, (struct iovec[]){{(void *)head, sizeof head - 1}, {(void *)why, strlen(why)}, {"\n", 1}}, 3);
    (void)n;
    abort();
}

REAL(open, int, const char *, int, ...)
REAL(openat, int, int, const char *, int, ...)
REAL(close, int, int)
REAL(dup, int, int)
REAL(dup2, int, int, int)
REAL(dup3, int, int, int, int)
REAL(fcntl, int, int, int, ...)
REAL(write, ssize_t, int, const void *, size_t)
REAL(pwrite, ssize_t, int, const void *, size_t, off_t)
REAL(writev, ssize_t, int, const struct iovec *, int)
REAL(pwritev, ssize_t, int, const struct iovec *, int, off_t)
REAL(pwritev2, ssize_t, int, const struct iovec *, int, off_t, int)
REAL(ftruncate, int, int, off_t)
REAL(truncate, int, const char *, off_t)
REAL(fallocate, int, int, int, off_t, off_t)
REAL(posix_fallocate, int, int, off_t, off_t)
REAL(copy_file_range, ssize_t, int, off64_t *, int, off64_t *, size_t, unsigned)
REAL(sendfile, ssize_t, int, int, off_t *, size_t)
REAL(fsync, int, int)
REAL(fdatasync, int, int)
REAL(unlink, int, const char *)
REAL(unlinkat, int, int, const char *, int)
REAL(renameat2, int, int, const char *, int, const char *, unsigned)

/* ---- watched files ---- */

enum { MAX_FD = 1 << 20, MAX_RANGES = 4096 };

struct range {
    off_t from, to;
};

struct file {
    struct file *next;      /* guarded by table */
    char path[PATH_MAX];    /* below the root; written under both locks */
    int gone;               /* unlinked or replaced; likewise */
    dev_t dev;              /* with ino: which file it is, fixed */
    ino_t ino;
    pthread_mutex_t lock;   /* guards all below */
    int shadow;             /* descriptor of the copy, -1 before it is needed */
    int reader;             /* descriptor to read the file with when its writers cannot, -1 before */
    int all;                /* what is dirty is not known: everything is */
    off_t cut;              /* least length since the last sync */
    int count;
    struct range dirty[MAX_RANGES];
};

/* Which file a descriptor stands for. Read on every write of the process, sockets included, hence atomic and flat. */
static _Atomic(struct file *) files[MAX_FD];
static struct file *list;
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], shadow_root[PATH_MAX];
static size_t root_len;

__attribute__((constructor)) static void start(void) {
    const char *from = getenv("POWERCUT_ROOT"), *to = getenv("POWERCUT_SHADOW");
    if (!from || !to) return;
    if (!realpath(from, root) || !realpath(to, shadow_root)) die("POWERCUT_ROOT or POWERCUT_SHADOW is no directory");
    root_len = strlen(root);
}

static struct file *of(int fd) {
    struct stat st;
    struct file *f = fd >= 0 && fd < MAX_FD ? atomic_load_explicit(&files[fd], memory_order_acquire) : NULL;
    /* A close that was not seen (fclose, close_range) leaves a stale entry behind. */
    return f && !fstat(fd, &st) && st.st_dev == f->dev && st.st_ino == f->ino ? f : NULL;
}

static void bind_fd(int fd, struct file *file) {
    if (fd >= MAX_FD && file) die("a descriptor is out of range");
    if (fd >= 0 && fd < MAX_FD) atomic_store_explicit(&files[fd], file, memory_order_release);
}

/* The part of an absolute path below the root, or NULL when it is elsewhere or ignored. */
static const char *below(const char *path) {
    size_t len = strlen(path);
    if (!root_len || strncmp(path, root, root_len) || path[root_len] != '/' || !path[root_len + 1]) return NULL;
    if (len > 4 && !strcmp(path + len - 4, "-shm")) return NULL;
    return path + root_len + 1;
}

/* The absolute path of a directory entry, which itself may be missing or a link. */
static int absolute(int dir, const char *path, char out[PATH_MAX]) {
    char base[PATH_MAX], parent[PATH_MAX];
    int n;
    if (!root_len || !path || !*path) return 0;
    if (path[0] == '/') {
        n = snprintf(base, sizeof base, "%s", path);
    } else if (dir == AT_FDCWD) {
        n = snprintf(base, sizeof base, "./%s", path);
    } else {
        n = snprintf(base, sizeof base, "/proc/self/fd/%d/%s", dir, path);
    }
    if (n < 0 || n >= (int)sizeof base) return 0;
    char *slash = strrchr(base, '/');
    *slash = 0;
    if (!realpath(slash == base ? "/" : base, parent)) return 0;
    n = snprintf(out, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "", slash + 1);
    return n > 0 && n < PATH_MAX;
}

static void shadow_path(const char *path, char out[PATH_MAX]) {
    int n = snprintf(out, PATH_MAX, "%s/%s", shadow_root, path);
    if (n < 0 || n >= PATH_MAX) die("a path is too long");
}

/* Table must be held. */
static struct file *find(const char *path) {
    for (struct file *f = list; f; f = f->next) {
        if (!f->gone && !strcmp(f->path, path)) return f;
    }
    return NULL;
}

/* The descriptor's own idea of its path is canonical, whatever the caller spelled. */
static int watch(int fd) {
    int saved = errno;
    char link[64], path[PATH_MAX];
    struct stat st;
    bind_fd(fd, NULL);
    if (!root_len) return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n > 0) {
        path[n] = 0;
        const char *name = below(path);
        if (name && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_nlink) {
            pthread_mutex_lock(&table);
            struct file *f = find(name);
            if (!f || f->dev != st.st_dev || f->ino != st.st_ino) {
                if (f) f->gone = 1;
                if (!(f = calloc(1, sizeof *f))) die("out of memory");
                strcpy(f->path, name);
                f->dev = st.st_dev;
                f->ino = st.st_ino;
                pthread_mutex_init(&f->lock, NULL);
                f->shadow = f->reader = -1;
                /* An earlier process may have left unsynced writes, which the next sync of this one would store. */
                f->all = 1;
                f->cut = st.st_size;
                f->next = list;
                list = f;
            }
            bind_fd(fd, f);
            pthread_mutex_unlock(&table);
        }
    }
    errno = saved;
    return fd;
}

/* ---- what is dirty; the file's lock is held ---- */

static void touch(struct file *f, off_t from, off_t to) {
    if (f->all || from >= to) return;
    for (int i = f->count; i-- > 0;) {
        struct range *r = &f->dirty[i];
        if (from <= r->to && to >= r->from) {
            if (from < r->from) r->from = from;
            if (to > r->to) r->to = to;
            return;
        }
    }
    if (f->count == MAX_RANGES) {
        f->all = 1;
    } else {
        f->dirty[f->count++] = (struct range){from, to};
    }
}

/* Makes the directories of the shadow that lead to `path`. */
static void make_parents(char *path) {
    for (char *p = path + strlen(shadow_root) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = 0;
        if (mkdir(path, 0700) && errno != EEXIST) die("cannot make a directory of the shadow");
    }
}

static int open_copy(char *path, int flags) {
    make_parents(path);
    int fd = real_open()(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
    if (fd < 0) die("cannot open a copy");
    return fd;
}

static ssize_t read_at(struct file *f, int fd, char *to, size_t len, off_t at) {
    ssize_t n = pread(f->reader >= 0 ? f->reader : fd, to, len, at);
    if (n >= 0 || errno != EBADF || f->reader >= 0) return n;
    /* Opened for writing only. The second descriptor stays open for ever: closing it would drop all record locks that
     * this process has on the file, and SQLite's are such. */
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    f->reader = real_open()(link, O_RDONLY | O_CLOEXEC);
    return f->reader < 0 ? -1 : pread(f->reader, to, len, at);
}

static void copy(struct file *f, int fd, off_t from, off_t to) {
    char buffer[64 * 1024];
    while (from < to) {
        size_t want = to - from < (off_t)sizeof buffer ? (size_t)(to - from) : sizeof buffer;
        ssize_t n = read_at(f, fd, buffer, want, from);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) die("cannot read a watched file");
        for (ssize_t done = 0; done < n;) {
            ssize_t m = real_pwrite()(f->shadow, buffer + done, (size_t)(n - done), from + done);
            if (m < 0 && errno == EINTR) continue;
            if (m <= 0) die("cannot write a copy");
            done += m;
        }
        from += n;
    }
}

/* Brings the copy up to the file. */
static void store(struct file *f, int fd) {
    int saved = errno;
    struct stat st, old;
    if (!f->gone) {
        if (f->shadow < 0) {
            char path[PATH_MAX];
            shadow_path(f->path, path);
            f->shadow = open_copy(path, 0);
        }
        if (fstat(fd, &st) || fstat(f->shadow, &old)) die("cannot look at a file");
        /* What was cut off and grew again holds zeros, unless it was written since and so is dirty. */
        if (f->cut < old.st_size && real_ftruncate()(f->shadow, f->cut)) die("cannot cut a copy");
        if (f->all) {
            copy(f, fd, 0, st.st_size);
        } else {
            for (int i = 0; i < f->count; i++) {
                copy(f, fd, f->dirty[i].from, f->dirty[i].to < st.st_size ? f->dirty[i].to : st.st_size);
            }
        }
        if (real_ftruncate()(f->shadow, st.st_size)) die("cannot set the length of a copy");
        f->cut = st.st_size;
    }
    f->all = 0;
    f->count = 0;
    errno = saved;
}

/* After a write of n bytes that ended at `end`. */
static void wrote(struct file *f, int fd, ssize_t n, off_t end, int synced) {
    if (n <= 0) return;
    int saved = errno;
    touch(f, end - n, end);
    if (synced || (real_fcntl()(fd, F_GETFL) & O_DSYNC)) store(f, fd);
    errno = saved;
}

/* ---- opening and closing ---- */

#define MODE(flags)                                                                                                   \
    mode_t mode = 0;                                                                                                  \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                          \
        va_list args;                                                                                                 \
        va_start(args, flags);                                                                                        \
        mode = va_arg(args, mode_t);                                                                                  \
        va_end(args);                                                                                                 \
    }

static int cut_to(int fd, off_t len);

static int open_any(int dir, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    /* O_TRUNC would cut the file outside its lock, so it is done apart. */
    int apart = (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY && absolute(dir, path, full) && below(full);
    int fd = real_openat()(dir, path, apart ? flags & ~O_TRUNC : flags, mode);
    if (fd < 0) return fd;
    watch(fd);
    if (apart && cut_to(fd, 0)) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int open(const char *path, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int dir, const char *path, int flags, ...) {
    MODE(flags)
    return open_any(dir, path, flags, mode);
}
int openat64(int dir, const char *path, int flags, ...) {
    MODE(flags)
    return open_any(dir, path, flags | O_LARGEFILE, mode);
}
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags | O_LARGEFILE, 0); }
int __openat_2(int dir, const char *path, int flags) { return open_any(dir, path, flags, 0); }
int __openat64_2(int dir, const char *path, int flags) { return open_any(dir, path, flags | O_LARGEFILE, 0); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    /* Before the real one: afterwards another thread may already have the number. */
    bind_fd(fd, NULL);
    return real_close()(fd);
}

static int twin(int fd, int from) {
    if (fd >= 0) bind_fd(fd, of(from));
    return fd;
}
int dup(int fd) { return twin(real_dup()(fd), fd); }
int dup2(int fd, int to) { return twin(real_dup2()(fd, to), fd); }
int dup3(int fd, int to, int flags) { return twin(real_dup3()(fd, to, flags), fd); }

#define FCNTL(name)                                                                                                   \
    int name(int fd, int command, ...) {                                                                              \
        va_list args;                                                                                                 \
        va_start(args, command);                                                                                      \
        void *arg = va_arg(args, void *);                                                                             \
        va_end(args);                                                                                                 \
        int result = real_fcntl()(fd, command, arg);                                                                  \
        return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? twin(result, fd) : result;                          \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

/* ---- writing ---- */

/* The call under the file's lock, then where it ended; `call` gives n. */
#define WRITE(fd, call, end, synced)                                                                                  \
    struct file *f = of(fd);                                                                                          \
    if (!f) return call;                                                                                              \
    pthread_mutex_lock(&f->lock);                                                                                     \
    ssize_t n = call;                                                                                                 \
    wrote(f, fd, n, end, synced);                                                                                     \
    pthread_mutex_unlock(&f->lock);                                                                                   \
    return n;

/* Linux appends whatever offset pwrite is given, when the descriptor is one that appends. */
static off_t length(int fd) {
    struct stat st;
    if (fstat(fd, &st)) die("cannot look at a file");
    return st.st_size;
}
static off_t placed(int fd, ssize_t n, off_t at) {
    return real_fcntl()(fd, F_GETFL) & O_APPEND ? length(fd) : at + n;
}

ssize_t write(int fd, const void *from, size_t len) { WRITE(fd, real_write()(fd, from, len), lseek(fd, 0, SEEK_CUR), 0) }
ssize_t writev(int fd, const struct iovec *v, int count) {
    WRITE(fd, real_writev()(fd, v, count), lseek(fd, 0, SEEK_CUR), 0)
}
ssize_t pwrite(int fd, const void *from, size_t len, off_t at) {
    WRITE(fd, real_pwrite()(fd, from, len, at), placed(fd, n, at), 0)
}
ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at) { return pwrite(fd, from, len, at); }
ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at) {
    WRITE(fd, real_pwritev()(fd, v, count, at), placed(fd, n, at), 0)
}
ssize_t pwritev64(int fd, const struct iovec *v, int count, off64_t at) { return pwritev(fd, v, count, at); }
ssize_t pwritev2(int fd, const struct iovec *v, int count, off_t at, int flags) {
    WRITE(fd, real_pwritev2()(fd, v, count, at, flags), at == -1 ? lseek(fd, 0, SEEK_CUR) : flags & RWF_APPEND ? length(fd) : placed(fd, n, at),
          flags & (RWF_DSYNC | RWF_SYNC))
}
ssize_t pwritev64v2(int fd, const struct iovec *v, int count, off64_t at, int flags) {
    return pwritev2(fd, v, count, at, flags);
}

/* Rare ways to write: afterwards everything counts as dirty. */
#define WRITE_SOMEWHERE(fd, type, call)                                                                               \
    struct file *f = of(fd);                                                                                          \
    if (!f) return call;                                                                                              \
    pthread_mutex_lock(&f->lock);                                                                                     \
    type result = call;                                                                                               \
    f->all = 1;                                                                                                       \
    pthread_mutex_unlock(&f->lock);                                                                                   \
    return result;

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t len, unsigned flags) {
    WRITE_SOMEWHERE(out, ssize_t, real_copy_file_range()(in, from, out, to, len, flags))
}
ssize_t sendfile(int out, int in, off_t *from, size_t len) {
    WRITE_SOMEWHERE(out, ssize_t, real_sendfile()(out, in, from, len))
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t len) { return sendfile(out, in, from, len); }
int fallocate(int fd, int mode, off_t at, off_t len) {
    WRITE_SOMEWHERE(fd, int, real_fallocate()(fd, mode, at, len))
}
int fallocate64(int fd, int mode, off64_t at, off64_t len) { return fallocate(fd, mode, at, len); }
int posix_fallocate(int fd, off_t at, off_t len) { WRITE_SOMEWHERE(fd, int, real_posix_fallocate()(fd, at, len)) }
int posix_fallocate64(int fd, off64_t at, off64_t len) { return posix_fallocate(fd, at, len); }

static int cut_to(int fd, off_t len) {
    struct file *f = of(fd);
    if (!f) return real_ftruncate()(fd, len);
    pthread_mutex_lock(&f->lock);
    int result = real_ftruncate()(fd, len);
    if (!result && len < f->cut) f->cut = len;
    pthread_mutex_unlock(&f->lock);
    return result;
}
int ftruncate(int fd, off_t len) { return cut_to(fd, len); }
int ftruncate64(int fd, off64_t len) { return cut_to(fd, len); }
int truncate(const char *path, off_t len) {
    char full[PATH_MAX];
    if (!absolute(AT_FDCWD, path, full) || !below(full)) return real_truncate()(path, len);
    /* The descriptor stays open, for the sake of record locks; see read_at. */
    int fd = open_any(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    return fd < 0 ? -1 : cut_to(fd, len);
}
int truncate64(const char *path, off64_t len) { return truncate(path, len); }

/* ---- syncing ---- */

#define SYNC(name)                                                                                                    \
    int name(int fd) {                                                                                                \
        struct file *f = of(fd);                                                                                      \
        if (!f) return real_##name()(fd);                                                                             \
        pthread_mutex_lock(&f->lock);                                                                                 \
        int result = real_##name()(fd);                                                                               \
        if (!result) store(f, fd);                                                                                    \
        pthread_mutex_unlock(&f->lock);                                                                               \
        return result;                                                                                                \
    }
SYNC(fsync)
SYNC(fdatasync)

/* ---- names; each takes the locks of what it renames, so that no sync is under way at the old name ---- */

/* Table must be held. */
static void forget(struct file *f) {
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->gone = 1;
    if (f->shadow >= 0) real_close()(f->shadow);
    f->shadow = -1;
    pthread_mutex_unlock(&f->lock);
}

static int unlink_any(int dir, const char *path, int flags) {
    char full[PATH_MAX], copied[PATH_MAX];
    const char *name = absolute(dir, path, full) ? below(full) : NULL;
    if (!name) return real_unlinkat()(dir, path, flags);
    pthread_mutex_lock(&table);
    int result = real_unlinkat()(dir, path, flags);
    if (!result) {
        forget(find(name));
        shadow_path(name, copied);
        int saved = errno;
        real_unlinkat()(AT_FDCWD, copied, flags);
        errno = saved;
    }
    pthread_mutex_unlock(&table);
    return result;
}
int unlink(const char *path) { return unlink_any(AT_FDCWD, path, 0); }
int unlinkat(int dir, const char *path, int flags) { return unlink_any(dir, path, flags); }
int remove(const char *path) {
    int result = unlink_any(AT_FDCWD, path, 0);
    return result && (errno == EISDIR || errno == EPERM) ? unlink_any(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

/* Gives the files at and below `from` their new names. Table must be held. */
static void rename_files(const char *from, const char *to) {
    size_t len = strlen(from);
    for (struct file *f = list; f; f = f->next) {
        char path[PATH_MAX];
        if (f->gone || strncmp(f->path, from, len) || (f->path[len] && f->path[len] != '/')) continue;
        if (!to) {
            forget(f);
            continue;
        }
        int n = snprintf(path, sizeof path, "%s%s", to, f->path + len);
        if (n < 0 || n >= PATH_MAX) die("a path is too long");
        pthread_mutex_lock(&f->lock);
        strcpy(f->path, path);
        if (f->shadow >= 0) real_close()(f->shadow);
        f->shadow = -1;
        pthread_mutex_unlock(&f->lock);
    }
}

static int rename_any(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char from_full[PATH_MAX], to_full[PATH_MAX], from_copy[PATH_MAX], to_copy[PATH_MAX];
    const char *old = absolute(from_dir, from, from_full) ? below(from_full) : NULL;
    const char *new = absolute(to_dir, to, to_full) ? below(to_full) : NULL;
    struct stat st;
    if (!old && !new) return real_renameat2()(from_dir, from, to_dir, to, flags);
    if (flags & RENAME_EXCHANGE) die("an exchange of names is not understood");
    pthread_mutex_lock(&table);
    int result = real_renameat2()(from_dir, from, to_dir, to, flags);
    int saved = errno;
    if (!result && !(old && new && !strcmp(old, new))) {
        if (old) shadow_path(old, from_copy);
        if (new) {
            shadow_path(new, to_copy);
            forget(find(new));
        }
        if (old) rename_files(old, new);
        int kept = old && !lstat(from_copy, &st);
        if (kept && new) {
            make_parents(to_copy);
            if (real_renameat2()(AT_FDCWD, from_copy, AT_FDCWD, to_copy, 0)) die("cannot rename a copy");
        } else if (kept) {
            real_unlink()(from_copy);
        } else if (new && !stat(to_full, &st) && S_ISREG(st.st_mode)) {
            /* Never synced: what was there is gone, and what comes is empty. */
            real_close()(open_copy(to_copy, O_TRUNC));
        }
    }
    errno = saved;
    pthread_mutex_unlock(&table);
    return result;
}
int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return rename_any(from_dir, from, to_dir, to, 0);
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return rename_any(from_dir, from, to_dir, to, flags);
}
