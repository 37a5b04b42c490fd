package io.vivarium.machine;

import io.vivarium.devices.pci.Doorbells;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.kvm.IoAddress;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmVm;
import io.vivarium.linux.Epoll;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.EventFd;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A thread that serves the queues of some devices when their doorbells ring, which are ioeventfds:
 * the guest's write does not leave the kernel. A doorbell lives as long as its thread; only where
 * in guest memory it stands may change.
 */
final class KickThread implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(KickThread.class.getName());
  private static final long STOP = -1;

  private record Bell(VirtioCore core, int queue, EventFd event) {}

  private final Epoll epoll;
  private final EventFd stop;
  private final List<Bell> bells = new CopyOnWriteArrayList<>();
  private final Thread thread;

  KickThread(String name) throws ErrnoException {
    epoll = new Epoll();
    stop = EventFd.nonBlocking();
    epoll.add(stop.fd(), Epoll.EPOLLIN, STOP);
    thread = Thread.ofPlatform().daemon().name(name).start(this::run);
  }

  /**
   * Doorbells for the queues of a device, to be bound by its transport.
   *
   * @param threads who serve the queues, in turn
   */
  static Doorbells doorbells(KvmVm vm, VirtioCore core, List<KickThread> threads)
      throws ErrnoException {
    List<EventFd> events = new ArrayList<>();
    for (int queue = 0; queue < core.queueCount(); queue++) {
      events.add(threads.get(queue % threads.size()).bell(core, queue));
    }
    return new Doorbells() {
      @Override
      public void bind(long address, int queue) {
        try {
          // Any length: KVM then looks at the address only, and need not decode the instruction.
          vm.assignIoeventfd(events.get(queue), IoAddress.mmio(address, 0));
        } catch (KvmException e) {
          // The doorbell works all the same, by an exit.
          LOG.log(Level.WARNING, "no ioeventfd at 0x%x".formatted(address), e);
        }
      }

      @Override
      public void unbind(long address, int queue) {
        try {
          vm.deassignIoeventfd(events.get(queue), IoAddress.mmio(address, 0));
        } catch (KvmException e) {
          LOG.log(Level.DEBUG, "no ioeventfd at 0x%x".formatted(address), e);
        }
      }
    };
  }

  private EventFd bell(VirtioCore core, int queue) throws ErrnoException {
    EventFd event = EventFd.nonBlocking();
    bells.add(new Bell(core, queue, event));
    epoll.add(event.fd(), Epoll.EPOLLIN, bells.size() - 1);
    return event;
  }

  private void run() {
    try {
      while (true) {
        int ready = epoll.await(-1);
        for (int i = 0; i < ready; i++) {
          long token = epoll.token(i);
          if (token == STOP) {
            return;
          }
          Bell bell = bells.get((int) token);
          bell.event.take();
          bell.core.notifyQueue(bell.queue);
        }
      }
    } catch (ErrnoException | RuntimeException e) {
      LOG.log(Level.ERROR, thread.getName() + " ends; its devices stand still", e);
    }
  }

  /** The devices must be closed before, so that nothing is bound any more. */
  @Override
  public void close() {
    try {
      stop.signal();
      thread.join();
    } catch (ErrnoException e) {
      throw new IllegalStateException(e); // an eventfd that is open takes a one
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return; // its descriptors stay open with it
    }
    bells.forEach(bell -> bell.event.close());
    stop.close();
    epoll.close();
  }
}
