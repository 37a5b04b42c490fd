/*
 * The floor of a fork: what Linux and KVM take to make one more VM of saved memory and to reach its
 * first exit. Maps a file privately, makes a VM with interrupt chips, one memory slot and a vCPU,
 * and runs two instructions of real mode. Prints the nanoseconds of each round.
 *
 *   fork MEMORY ROUNDS
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int check(const char *what, int result) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
  return result;
}

int main(int argc, char **argv) {
  static const uint8_t code[] = {0xb0, 'r', 0xe6, 0x80, 0xf4}; /* mov al, 'r'; out 0x80, al; hlt */
  int rounds = argc > 2 ? atoi(argv[2]) : 20;
  int kvm = check("/dev/kvm", open("/dev/kvm", O_RDWR | O_CLOEXEC));
  for (int i = 0; i < rounds; i++) {
    long began = now();
    int file = check(argv[1], open(argv[1], O_RDONLY | O_CLOEXEC));
    struct stat stat;
    check("fstat", fstat(file, &stat));
    uint8_t *ram =
        mmap(0, stat.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
    if (ram == MAP_FAILED) {
      check("mmap", -1);
    }
    close(file);
    memcpy(ram + 0x1000, code, sizeof code);
    int vm = check("KVM_CREATE_VM", ioctl(kvm, KVM_CREATE_VM, 0));
    uint64_t identity = 0xfffbc000;
    check("KVM_SET_IDENTITY_MAP_ADDR", ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity));
    check("KVM_SET_TSS_ADDR", ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000));
    check("KVM_CREATE_IRQCHIP", ioctl(vm, KVM_CREATE_IRQCHIP));
    struct kvm_userspace_memory_region slot = {
        .memory_size = stat.st_size, .userspace_addr = (uint64_t)ram};
    check("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot));
    int vcpu = check("KVM_CREATE_VCPU", ioctl(vm, KVM_CREATE_VCPU, 0));
    int size = check("KVM_GET_VCPU_MMAP_SIZE", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
    struct kvm_run *run = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    struct kvm_sregs sregs;
    check("KVM_GET_SREGS", ioctl(vcpu, KVM_GET_SREGS, &sregs));
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    check("KVM_SET_SREGS", ioctl(vcpu, KVM_SET_SREGS, &sregs));
    struct kvm_regs regs = {.rip = 0x1000, .rflags = 2};
    check("KVM_SET_REGS", ioctl(vcpu, KVM_SET_REGS, &regs));
    check("KVM_RUN", ioctl(vcpu, KVM_RUN, 0));
    if (run->exit_reason != KVM_EXIT_IO) {
      fprintf(stderr, "exit %u\n", run->exit_reason);
      return 1;
    }
    printf("%ld\n", now() - began);
    fflush(stdout);
    munmap(run, size);
    close(vcpu);
    close(vm);
    munmap(ram, stat.st_size);
  }
  return 0;
}
