/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kvm-hold.c - makes a virtual machine of KVM, says what came of it, and keeps it until it is killed.
 *
 * Context: user space of the guest, root.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
    const int Kvm = open("/dev/kvm", O_RDWR);
    const int Vm  = Kvm < 0 ? -1 : ioctl(Kvm, KVM_CREATE_VM, 0);

    puts(Vm < 0 ? "refused" : "held");
    fflush(stdout);
    if (Vm >= 0)
        pause();
    return Vm < 0;
}
