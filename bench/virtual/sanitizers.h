/* Whether this is built with a sanitizer, as gcc and as clang say it. */
#ifndef BENCH_VIRTUAL_SANITIZERS_H
#define BENCH_VIRTUAL_SANITIZERS_H

#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#if defined __SANITIZE_ADDRESS__ || HAS_FEATURE(address_sanitizer)
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif

#if defined __SANITIZE_THREAD__ || HAS_FEATURE(thread_sanitizer)
#define THREAD_SANITIZER 1
#else
#define THREAD_SANITIZER 0
#endif

#endif
