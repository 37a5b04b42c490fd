package io.vivarium.assist;

/** Kernel parameters that an unmodified Linux 6.1 gets on a host that interprets ring 0. */
final class InterpretedLinux {
  /**
   * Instructions that the kernel would patch itself to use, and that fault there; and, last, two
   * that only say that string instructions are fast byte by byte, which is eight times slower there
   * than by words.
   */
  private static final String NEEDED = "clearcpuid=popcnt,ssse3,xsavec,xsaves,xsaveopt,erms,fsrm";

  /** Ticks from the 8254, which are paced, and not from the local APIC, which are not. */
  private static final String TICKS = "nolapic_timer";

  /**
   * The TSC is always the host's and cannot be held: with it, a guest that was restored counts the
   * seconds since it was saved one by one. See {@link HostProfile#catchesUpSlowly}.
   */
  private static final String CLOCK = "clocksource=kvm-clock";

  /**
   * What costs much in interpreted code and that a guest under test doesn't miss. Measured by
   * sampling a boot: tracing 40 s, BTF 20 s, write-protecting the kernel 3 s, a self-test 2 s.
   */
  private static final String SPEED =
      "mitigations=off rodata=off tsc=reliable lpj=5200000 init_on_alloc=0 no_timer_check"
          + " random.trust_cpu=on noreplace-smp cryptomgr.notests"
          + " initcall_blacklist=tracer_init_tracefs,trace_eval_init,"
          + "ftrace_check_for_weak_functions,kfunc_init,bpf_prog_test_run_init,"
          + "bpf_tcp_ca_kfunc_init,bpf_rstat_kfunc_init,cubictcp_register,"
          + "bpf_key_sig_kfuncs_init,init_kprobe_trace,load_system_certificate_list,"
          + "btf_module_init,blake2s_mod_init";

  /** Watchdogs that bark when a vCPU gets little processor time, which is nothing unusual there. */
  private static final String QUIET = "nowatchdog rcupdate.rcu_cpu_stall_suppress=1";

  static final String PARAMETERS = String.join(" ", NEEDED, TICKS, CLOCK, SPEED, QUIET);

  private InterpretedLinux() {}
}
