/*
 * The C twin of io.vivarium.kvm.bench.ExitBench: a real-mode guest writes to a port for ever, and
 * this counts how often KVM_RUN comes back. Prints wall nanoseconds and thread CPU nanoseconds.
 *
 * usage: exits COUNT
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

static int64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void run(int vcpu, struct kvm_run *page, long count) {
  long sum = 0;
  for (long i = 0; i < count; i++) {
    if (ioctl(vcpu, KVM_RUN, 0) < 0) err(1, "KVM_RUN");
    switch (page->exit_reason) {
      case KVM_EXIT_IO:
        if (page->io.direction != KVM_EXIT_IO_OUT || page->io.port != 0x10) errx(1, "wrong port");
        sum += *((uint8_t *)page + page->io.data_offset);
        break;
      default:
        errx(1, "exit reason %u", page->exit_reason);
    }
  }
  if (sum != count * 0x56) errx(1, "wrong data");
}

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 100000;
  static const uint8_t code[] = {0xb0, 0x56, 0xe6, 0x10, 0xeb, 0xfc}; /* mov al; out 0x10,al; jmp */
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) err(1, "/dev/kvm");
  int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  if (vm < 0) err(1, "KVM_CREATE_VM");
  uint8_t *memory =
      mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(memory + 0x1000, code, sizeof code);
  struct kvm_userspace_memory_region region = {
      .memory_size = 0x10000, .userspace_addr = (uintptr_t)memory};
  if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0) err(1, "KVM_SET_USER_MEMORY_REGION");
  int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  if (vcpu < 0) err(1, "KVM_CREATE_VCPU");
  int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  struct kvm_run *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  if (page == MAP_FAILED) err(1, "mmap");
  struct kvm_sregs sregs;
  ioctl(vcpu, KVM_GET_SREGS, &sregs);
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  ioctl(vcpu, KVM_SET_SREGS, &sregs);
  struct kvm_regs regs = {.rip = 0x1000, .rflags = 2, .rsp = 0x8000};
  ioctl(vcpu, KVM_SET_REGS, &regs);

  run(vcpu, page, count / 10);
  int64_t wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
  run(vcpu, page, count);
  printf("%lld %lld\n", (long long)(now(CLOCK_MONOTONIC) - wall),
         (long long)(now(CLOCK_THREAD_CPUTIME_ID) - cpu));
  return 0;
}
