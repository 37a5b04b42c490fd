package io.vivarium.machine;

import io.vivarium.assist.Assist;
import io.vivarium.devices.bus.MmioBus;
import io.vivarium.devices.bus.PortBus;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmRegs;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.RunPage;
import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.LinuxThreads;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A vCPU's thread: runs the guest, answers its exits from the buses, and stops at the gate when the
 * machine pauses, with no exit half answered.
 */
final class VcpuRunner implements Runnable {
  private static final System.Logger LOG = System.getLogger(VcpuRunner.class.getName());

  private final KvmVcpu vcpu;
  private final RunPage page;
  private final PortBus ports;
  private final MmioBus mmio;
  private final RunGate gate;
  private final Consumer<MachineExit> ended;
  private final @Nullable Assist assist;
  private final @Nullable CoalescedConsole console;
  private final ExitCounters counters = new ExitCounters();
  private final Thread thread;
  private volatile int threadId;
  private volatile long endedCpuNanos;

  VcpuRunner(
      String threadName,
      KvmVcpu vcpu,
      PortBus ports,
      MmioBus mmio,
      RunGate gate,
      Consumer<MachineExit> ended,
      @Nullable Assist assist,
      @Nullable CoalescedConsole console) {
    this.vcpu = vcpu;
    this.page = vcpu.runPage();
    this.ports = ports;
    this.mmio = mmio;
    this.gate = gate;
    this.ended = ended;
    this.assist = assist;
    this.console = console;
    thread = Thread.ofPlatform().daemon().name(threadName).unstarted(this);
  }

  /** Starts the thread, which waits at the gate first. */
  void start() {
    gate.enter();
    thread.start();
  }

  /** Makes the thread look at the gate soon. From any thread. */
  void kick() {
    vcpu.kick();
  }

  /** The kernel's id of the thread, or 0 when it doesn't run. From any thread. */
  int threadId() {
    return threadId;
  }

  KvmVcpu vcpu() {
    return vcpu;
  }

  /** Adds this vCPU's counters to those of the others. */
  void countInto(Map<String, Long> totals) {
    counters.addTo(totals);
    if (assist != null) {
      assist.countInto(totals);
    }
  }

  /** Waits for the thread's end, for which the gate must have asked. */
  void join() throws InterruptedException {
    if (thread.isAlive()) {
      thread.join();
    }
  }

  /** Processor time of the thread, in nanoseconds. */
  long cpuNanos() {
    int id = threadId;
    if (id == 0) {
      return endedCpuNanos;
    }
    try {
      return LinuxThreads.cpuTimeNanos(id);
    } catch (ErrnoException e) {
      return endedCpuNanos; // it has just ended
    }
  }

  @Override
  public void run() {
    threadId = LinuxThreads.currentId();
    try {
      while (gate.await()) {
        while (gate.open()) {
          answer(vcpu.run());
        }
        finishExit();
      }
    } catch (InterruptedException | KvmException | RuntimeException e) {
      LOG.log(Level.ERROR, thread.getName() + " ends", e);
      ended.accept(new MachineExit.Failed(String.valueOf(e.getMessage())));
    } finally {
      endedCpuNanos = cpuNanos();
      threadId = 0;
      gate.leave();
    }
  }

  /**
   * Lets KVM take in the answer to the last exit, so that the state is one between instructions.
   */
  private void finishExit() throws KvmException {
    int reason;
    do {
      reason = vcpu.finishExit();
      answer(reason);
    } while (reason != KvmConstants.KVM_EXIT_INTR);
  }

  private void answer(int reason) {
    if (console != null) {
      console.drain();
    }
    switch (reason) {
      case KvmConstants.KVM_EXIT_IO -> answerPort();
      case KvmConstants.KVM_EXIT_MMIO -> answerMmio();
      case KvmConstants.KVM_EXIT_INTR -> counters.count(ExitCounters.INTR);
      case KvmConstants.KVM_EXIT_INTERNAL_ERROR -> answerFailure();
      default -> answerRare(reason);
    }
  }

  private void answerPort() {
    counters.count(ExitCounters.IO);
    int port = page.ioPort();
    int size = page.ioSize();
    int count = page.ioCount();
    if (page.ioIsOut()) {
      for (int i = 0; i < count; i++) {
        ports.write(port, size, Integer.toUnsignedLong(page.ioValue(i)));
      }
    } else {
      for (int i = 0; i < count; i++) {
        page.setIoValue(i, (int) ports.read(port, size));
      }
    }
  }

  private void answerMmio() {
    counters.count(ExitCounters.MMIO);
    long address = page.mmioAddress();
    int size = page.mmioLength();
    if (page.mmioIsWrite()) {
      mmio.write(address, size, page.mmioValue());
    } else {
      page.setMmioValue(mmio.read(address, size));
    }
  }

  private void answerFailure() {
    counters.count(ExitCounters.ASSIST);
    if (assist == null || page.internalSuberror() != KvmConstants.KVM_INTERNAL_ERROR_EMULATION) {
      fail("KVM could not go on: " + page.exit() + where());
      return;
    }
    String trouble = assist.handle();
    if (trouble != null) {
      fail(trouble);
    }
  }

  private void answerRare(int reason) {
    counters.count(ExitCounters.OTHER);
    switch (reason) {
      case KvmConstants.KVM_EXIT_SHUTDOWN ->
          ended.accept(new MachineExit.TripleFault("vCPU " + vcpu.id() + where()));
      case KvmConstants.KVM_EXIT_SYSTEM_EVENT -> {
        switch (page.systemEventType()) {
          case KvmConstants.KVM_SYSTEM_EVENT_SHUTDOWN -> ended.accept(new MachineExit.PowerOff());
          case KvmConstants.KVM_SYSTEM_EVENT_RESET -> ended.accept(new MachineExit.Reset());
          default -> ended.accept(new MachineExit.Panic("the guest told KVM that it crashed"));
        }
      }
      case KvmConstants.KVM_EXIT_IRQ_WINDOW_OPEN, KvmConstants.KVM_EXIT_HLT -> {}
      default ->
          fail("KVM left the guest for a reason that is not known: " + page.exit() + where());
    }
  }

  private void fail(String reason) {
    ended.accept(new MachineExit.Failed(reason));
  }

  private String where() {
    KvmRegs regs = KvmRegs.allocate();
    try {
      vcpu.getRegs(regs);
      return " at instruction 0x%x".formatted(regs.rip());
    } catch (KvmException e) {
      return "";
    }
  }
}
