/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kexec.c - another kernel, started by this one.
 *
 *   kexec load KERNEL INITRD COMMAND-LINE     the one that `kexec go` starts
 *   kexec crash KERNEL INITRD COMMAND-LINE    the one that a panic starts, in the memory of crashkernel=
 *   kexec go
 *
 * Exit status 0 or 1; "go" comes back only if it fails. Context: user space of the guest, root.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int Load(char **Words, unsigned long Flags)
{
    const int Kernel = open(Words[0], O_RDONLY), Initrd = open(Words[1], O_RDONLY);

    if (Kernel < 0 || Initrd < 0 ||
        syscall(SYS_kexec_file_load, Kernel, Initrd, strlen(Words[2]) + 1, Words[2], Flags) != 0) {
        perror("kexec");
        return 1;
    }
    return 0;
}

int main(int Count, char **Words)
{
    if (Count == 5 && strcmp(Words[1], "load") == 0)
        return Load(Words + 2, 0);
    if (Count == 5 && strcmp(Words[1], "crash") == 0)
        return Load(Words + 2, KEXEC_FILE_ON_CRASH);
    if (Count == 2 && strcmp(Words[1], "go") == 0)
        reboot(LINUX_REBOOT_CMD_KEXEC);
    perror("kexec");
    return 1;
}
