package io.vivarium.cli;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The user's terminal joined to a VM's console, until Ctrl+] or the VM's end. */
final class ConsoleSession {
  /** Ctrl+], as telnet has it. */
  private static final byte LEAVE = 0x1d;

  private static final int BLOCK = 8192;

  private final Session session;
  private final Vivarium vivarium;
  private final String name;
  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicBoolean left = new AtomicBoolean();
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

  ConsoleSession(Session session, Vivarium vivarium, String name) {
    this.session = session;
    this.vivarium = vivarium;
    this.name = name;
  }

  /** Returns the exit code: 0 after leaving or a clean end, 125 when the VM crashed. */
  int run() throws VivariumException {
    boolean terminal = Terminal.isTerminal(0);
    if (terminal) {
      session.err().println("[console of " + name + "; Ctrl+] leaves it, the VM goes on]");
    }
    Runnable restore = terminal ? Terminal.raw() : null;
    try (ConsoleConnection console = vivarium.console(name, new Output())) {
      if (terminal) {
        WindowChanges.listen(() -> tellSize(console));
        tellSize(console);
      }
      Thread typing = new Thread(() -> type(console, terminal), "typing");
      typing.setDaemon(true);
      typing.start();
      over.await();
    } catch (InterruptedException e) {
      left.set(true);
    } finally {
      if (restore != null) {
        restore.run();
      }
    }
    if (left.get()) {
      session.err().println();
      session.err().println("[left; 'viv console " + name + "' attaches again]");
      return 0;
    }
    return ended();
  }

  private void tellSize(ConsoleConnection console) {
    Terminal.Size size = Terminal.size();
    if (size != null) {
      try {
        console.resize(size.columns(), size.rows());
      } catch (VivariumException e) {
        over.countDown();
      }
    }
  }

  private void type(ConsoleConnection console, boolean terminal) {
    FileInputStream in = new FileInputStream(FileDescriptor.in);
    byte[] block = new byte[BLOCK];
    try {
      int count = in.read(block);
      while (count >= 0) {
        int leave = terminal ? indexOf(block, count) : -1;
        console.send(Arrays.copyOf(block, leave < 0 ? count : leave));
        if (leave >= 0) {
          left.set(true);
          over.countDown();
          return;
        }
        count = in.read(block);
      }
      // A script that ends: what the guest still prints is shown until the VM ends.
    } catch (IOException | VivariumException e) {
      over.countDown();
    }
  }

  private static int indexOf(byte[] block, int count) {
    for (int i = 0; i < count; i++) {
      if (block[i] == LEAVE) {
        return i;
      }
    }
    return -1;
  }

  private int ended() throws VivariumException {
    VmInfo info = lookAgain();
    if (info == null || info.state() == VmState.STOPPED) {
      session.err().println("[" + name + " has stopped]");
      return 0;
    }
    if (info.state() == VmState.CRASHED) {
      throw new VivariumException(
          Kind.GUEST,
          "VM '" + name + "' crashed: " + info.reason(),
          "Start it again: viv start " + name);
    }
    session.err().println("[the console of " + name + " was closed]");
    return VivMain.FAILED;
  }

  /** The engine closes its consoles just before it writes its last words: wait for these. */
  private @Nullable VmInfo lookAgain() throws VivariumException {
    try {
      VmInfo info = vivarium.inspect(name);
      for (int i = 0; i < 100 && info.enginePid() != 0; i++) {
        Thread.sleep(10);
        info = vivarium.inspect(name);
      }
      return info;
    } catch (InterruptedException e) {
      return null;
    } catch (VivariumException e) {
      if (e.kind() == Kind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private final class Output implements ConsoleConnection.Listener {
    @Override
    public void output(byte[] data) {
      try {
        out.write(data);
      } catch (IOException e) {
        over.countDown();
      }
    }

    @Override
    public void closed() {
      over.countDown();
    }
  }
}
