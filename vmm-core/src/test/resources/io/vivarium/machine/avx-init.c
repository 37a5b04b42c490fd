/*
 * The first process of a guest: tells how many processors came up, then four tasks, shared out over
 * them, fill all AVX registers, MXCSR and the x87 control word with values of their own, yield to
 * each other, and look whether they still have them.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASKS 4
#define REGISTERS 16

#define LOAD(n) "vmovdqu " #n "*32(%[in]), %%ymm" #n "\n"
#define STORE(n) "vmovdqu %%ymm" #n ", " #n "*32(%[out])\n"
#define ALL(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)

static int task(int id) {
  unsigned char in[REGISTERS][32], out[REGISTERS][32];
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < REGISTERS; i++)
      for (int b = 0; b < 32; b++) in[i][b] = id * 83 + round * 31 + i * 7 + b;
    unsigned mxcsr = 0x1f80 | (id & 3) << 13, mxcsr_after;
    unsigned short control = 0x37f & ~((id & 1) << 8), control_after;
    long result = SYS_sched_yield;
    asm volatile(
        "ldmxcsr %[mxcsr]\n"
        "fldcw %[control]\n" ALL(LOAD) "syscall\n" ALL(STORE) "stmxcsr %[mxcsr_after]\n"
        "fnstcw %[control_after]\n"
        : "+a"(result), [mxcsr_after] "=m"(mxcsr_after), [control_after] "=m"(control_after)
        : [in] "r"(in), [out] "r"(out), [mxcsr] "m"(mxcsr), [control] "m"(control)
        : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
          "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    if (result != 0 || memcmp(in, out, sizeof in) || mxcsr != mxcsr_after
        || control != control_after)
      return 1;
  }
  return 0;
}

static int on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

int main(void) {
  cpu_set_t all;
  sched_getaffinity(0, sizeof all, &all);
  int processors = CPU_COUNT(&all);
  printf("processors: %d\n", processors);
  printf("avx: start\n");
  fflush(stdout);
  int bad = 0;
  for (int id = 0; id < TASKS; id++)
    if (fork() == 0) _exit(on(id % processors) ? task(id) : 2);
  for (int id = 0; id < TASKS; id++) {
    int status;
    if (wait(&status) < 0 || status != 0) bad++;
  }
  printf("avx: %s\n", bad ? "corrupt" : "intact");
  fflush(stdout);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}
