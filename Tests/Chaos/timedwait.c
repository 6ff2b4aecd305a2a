// libfaketime changes what the C library says of the time, and the end of a wait for a condition of POSIX, but not of C11: then
// librdkafka would wait until a wrong clock's time has come by the right clock. So both are made one.
#include <errno.h>
#include <pthread.h>
#include <threads.h>

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *end) {
    int result = pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, end);
    return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}
