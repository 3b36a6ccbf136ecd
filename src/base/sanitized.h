/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitized: is this a build with a sanitizer of the compiler? MW_SANITIZED is 1 or 0; gcc and clang say it in different words.
 * Sanitizers map more memory than any limit allows, make system calls that nobody else makes, say on standard error what they find, and
 * take many times as long. A sandbox opens for that, and a test has fewer rows.
 */
#ifndef MW_BASE_SANITIZED_H
#define MW_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MW_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MW_SANITIZED 1
#endif
#endif
#ifndef MW_SANITIZED
#define MW_SANITIZED 0
#endif

#endif
