/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lib/maple_tree.c of the kernel needs around it in a program: no locks, no RCU, and nodes from a list of free
 * ones, which is what the slab allocator's fast path is. Every header that it includes is this one (bench/vma-index).
 */
#ifndef VERSO_MAPLE_STUBS_H
#define VERSO_MAPLE_STUBS_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_64BIT 1
#define BITS_PER_LONG 64
#define MAX_ERRNO 4095
#define __init
#define __rcu
#define __must_hold(lock)
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __maybe_unused __attribute__((unused))
#define __pure __attribute__((pure))
#define fallthrough __attribute__((fallthrough))
#define DIV_ROUND_UP(a, b) (((a) + (b) - 1) / (b))
#define noinline __attribute__((noinline))
#define __cacheline_aligned
#define __must_check
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define tracepoint_string(text) (text)
#define trace_ma_op(...) ((void)0)
#define trace_ma_read(...) ((void)0)
#define trace_ma_write(...) ((void)0)
#define pr_err(...) ((void)0)
#define pr_info(...) ((void)0)
#define pr_cont(...) ((void)0)
#define BUG_ON(x) assert(!(x))
#define WARN_ON(x) unlikely(x)
#define WARN_ON_ONCE(x) unlikely(x)
#define WARN(x, ...) unlikely(x)
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define swap(a, b) do { __typeof__(a) old = (a); (a) = (b); (b) = old; } while (0)
#define smp_rmb() __asm__ volatile("" ::: "memory")
#define smp_wmb() __asm__ volatile("" ::: "memory")
#define __maybe_unused __attribute__((unused))

typedef unsigned int gfp_t;
typedef struct { int unused; } spinlock_t;
struct lockdep_map { int unused; };
struct rcu_head { void *next; void (*call)(struct rcu_head *head); };

#define GFP_KERNEL 1u
#define GFP_NOWAIT 2u
#define __GFP_NOWARN 4u
#define __GFP_ACCOUNT 8u
#define __GFP_ZERO 16u
#define gfpflags_allow_blocking(gfp) ((gfp) & GFP_KERNEL)

#define SLAB_PANIC 0
#define ___GFP_LAST_BIT 5
#define __SPIN_LOCK_UNLOCKED(name) { 0 }
#define spin_lock_init(lock) ((void)(lock))
#define spin_lock(lock) ((void)(lock))
#define spin_unlock(lock) ((void)(lock))
#define spin_lock_nested(lock, subclass) ((void)(lock))
#define spin_lock_irqsave(lock, flags) ((void)(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(lock))
#define lockdep_is_held(lock) 1
#define lock_is_held(map) 1
#define might_alloc(gfp) ((void)0)

#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
#define rcu_dereference_check(p, c) (p)
#define rcu_dereference_protected(p, c) (p)
#define rcu_dereference_raw(p) (p)
#define rcu_dereference(p) (p)
#define rcu_assign_pointer(p, value) ((p) = (value))
#define RCU_INIT_POINTER(p, value) ((p) = (value))

static inline void call_rcu(struct rcu_head *head, void (*call)(struct rcu_head *head))
{
	call(head);
}

/* Tagged pointers, as include/linux/xarray.h has them. */
#define xa_mk_internal(value) ((void *)(((unsigned long)(value) << 2) | 2))
#define xa_to_internal(entry) ((unsigned long)(entry) >> 2)
#define XA_ZERO_ENTRY xa_mk_internal(257)
static inline bool xa_is_value(const void *entry) { return (unsigned long)entry & 1; }
static inline unsigned long xa_to_value(const void *entry) { return (unsigned long)entry >> 1; }
static inline bool xa_is_internal(const void *entry) { return ((unsigned long)entry & 3) == 2; }
static inline bool xa_is_zero(const void *entry) { return entry == XA_ZERO_ENTRY; }
static inline bool xa_is_node(const void *entry) { return xa_is_internal(entry) && (unsigned long)entry > 4096; }
static inline bool xa_is_advanced(const void *entry) { return xa_is_internal(entry) && entry <= xa_mk_internal(256); }
static inline int xa_err(void *entry)
{
	return xa_is_internal(entry) && entry >= xa_mk_internal(-MAX_ERRNO) ? (int)((long)entry >> 2) : 0;
}

struct kmem_cache { size_t size; void *free; char *fresh; size_t left; };

static inline struct kmem_cache *kmem_cache_create(const char *name __maybe_unused, size_t size, size_t align __maybe_unused,
		unsigned int flags __maybe_unused, void (*construct)(void *) __maybe_unused)
{
	struct kmem_cache *cache = calloc(1, sizeof(*cache));

	cache->size = size;
	return cache;
}

static inline void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = cache->free;

	if (likely(object)) {
		cache->free = *(void **)object;
	} else {
		if (cache->left < cache->size) {
			cache->left = 1 << 20;
			cache->fresh = aligned_alloc(4096, cache->left);
			assert(cache->fresh);
		}
		object = cache->fresh;
		cache->fresh += cache->size;
		cache->left -= cache->size;
	}
	if (gfp & __GFP_ZERO)
		memset(object, 0, cache->size);
	return object;
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	*(void **)object = cache->free;
	cache->free = object;
}

static inline int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t count, void **objects)
{
	for (size_t at = 0; at < count; at++)
		objects[at] = kmem_cache_alloc(cache, gfp);
	return count;
}

static inline void kmem_cache_free_bulk(struct kmem_cache *cache, size_t count, void **objects)
{
	for (size_t at = 0; at < count; at++)
		kmem_cache_free(cache, objects[at]);
}

#endif
