// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Types.c - types in the manner of a kernel's, from which the tests make their BTF (pahole -J).
 *
 * Context: never runs.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int pid_t;
typedef _Bool flag_t;

enum state { STATE_IDLE, STATE_BUSY = 5, STATE_GONE = -1 };
enum wide { WIDE_SMALL = 1, WIDE_LARGE = 0x123456789abcdefLL };

struct list_head {
    struct list_head *next, *prev;
};

struct bits {
    u32 low : 3;
    u32 middle : 7;
    int sign : 5;
    u32 high : 17;
    u64 wide : 40;
    u8 tail : 1;
};

struct __attribute__((packed)) packed_bits {
    u8 first;
    u32 crossing : 30;
    u32 next : 9;
};

struct point {
    int x, y;
};

struct opaque;

struct thing {
    struct list_head list;
    pid_t pid;
    char comm[16];
    enum state state;
    enum wide wide;
    union {
        u64 whole;
        struct {
            u32 half_low, half_high;
        };
    };
    struct point corners[4];
    struct point *where;
    const char *name;
    struct thing *parent;
    struct bits bits;
    flag_t ready;
    short matrix[2][3];
    struct opaque *opaque;
    __int128 huge;
    int (*call)(struct thing *);
    u8 trailer[];
};

int thing_read(struct thing *thing, const char *name, int count, u8 flags, u64 offset, short *where,
               int seventh, struct point by_value);

int thing_read(struct thing *thing, const char *name, int count, u8 flags, u64 offset, short *where,
               int seventh, struct point by_value)
{
    struct packed_bits packed = {.first = (u8)count, .next = flags};

    return thing->pid + (name != 0) + (int)offset + *where + seventh + by_value.x + (int)packed.next;
}
