package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.MachineConfig;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A machine whose "guest" is a few lines of Java: a console that keeps what is typed as its memory,
 * and an agent that runs {@code echo}, {@code fail} and {@code hang}.
 */
final class FakeMachine implements VirtualMachine {
  /** Makes them, as the monitor makes real ones. */
  static final class Factory implements MachineFactory {
    @Override
    public VirtualMachine boot(MachineConfig config, MachineExit.Listener listener) {
      return new FakeMachine("", config.devices(), listener);
    }

    @Override
    public Saved open(String vm, Path files, Path layers, int copies) throws VivariumException {
      return new FakeSaved(state(files));
    }

    private static String state(Path files) throws VivariumException {
      try {
        String state = Files.readString(files.resolve("state"));
        if (!state.startsWith("fake:")) {
          throw new VivariumException(Kind.BAD_FILE, "the state's checksum is wrong", "");
        }
        return state.substring("fake:".length());
      } catch (IOException e) {
        throw new VivariumException(Kind.BAD_FILE, "there is no state", "", e);
      }
    }
  }

  private record FakeSaved(String memory) implements MachineFactory.Saved {
    @Override
    public VirtualMachine restore(
        String name, DeviceConfig devices, MachineExit.Listener listener) {
      return new FakeMachine(memory, devices, listener);
    }

    @Override
    public void close() {}
  }

  private final MachineExit.Listener listener;
  private final DeviceConfig devices;
  private final StringBuilder memory;
  private final Port console = new Port(this::typed);
  private final Port agent = new Port(this::requested);
  private final Port errors = new Port(text -> {});
  private final Port clock = new Port(text -> {});
  private boolean announced;
  private boolean paused = true;
  private long ran = 1;

  FakeMachine(String memory, DeviceConfig devices, MachineExit.Listener listener) {
    this.devices = devices;
    this.memory = new StringBuilder(memory);
    this.listener = listener;
    this.announced = !memory.isEmpty();
  }

  private synchronized void typed(String text) {
    ran++;
    console.say(text);
    for (String line : text.split("\n")) {
      switch (line) {
        case "poweroff" -> listener.exited(new MachineExit.PowerOff());
        case "reboot" -> listener.exited(new MachineExit.Reset());
        case "panic" -> listener.exited(new MachineExit.Panic("no init"));
        case "memory" -> console.say("memory=" + memory + "\n");
        case "read" -> console.say("disk=" + onDisk(null) + "\n");
        case "write one", "write two" -> console.say("wrote " + onDisk(line.substring(6)) + "\n");
        default -> memory.append(line).append(';');
      }
    }
  }

  /** What stands on the first disk, after {@code write} was put there where it is not null. */
  private String onDisk(@Nullable String write) {
    try {
      if (write != null) {
        devices
            .disks()
            .getFirst()
            .disk()
            .write(0, MemorySegment.ofArray(write.getBytes(StandardCharsets.US_ASCII)));
      }
      byte[] three = new byte[3];
      devices.disks().getFirst().disk().read(0, MemorySegment.ofArray(three));
      return new String(three, StandardCharsets.US_ASCII).replace('\0', '-');
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void requested(String text) {
    if (!text.startsWith("x ")) {
      return;
    }
    String[] words = text.strip().split(" ");
    String nonce = words[1];
    switch (words[2]) {
      case "echo" -> {
        agent.say(words[3] + "\n");
        done(nonce, 0);
      }
      case "fail" -> {
        errors.say("went wrong\n");
        done(nonce, 7);
      }
      case "poweroff" -> listener.exited(new MachineExit.PowerOff());
      default -> {}
    }
  }

  private void done(String nonce, int status) {
    errors.say("\u001e" + nonce + "\n");
    agent.say("\u001e" + nonce + " " + status + "\n");
  }

  @Override
  public synchronized void resume() {
    paused = false;
    if (!announced) {
      announced = true;
      console.say("booted\n");
      agent.say("\u001eREADY 1\n");
    }
  }

  @Override
  public synchronized void pause() {
    paused = true;
  }

  @Override
  public synchronized boolean paused() {
    return paused;
  }

  @Override
  public void powerButton() {}

  @Override
  public SerialPort serial(int index) {
    return switch (index) {
      case 0 -> console;
      case 1 -> agent;
      case 2 -> errors;
      default -> clock;
    };
  }

  @Override
  public Saving startSaving(Path layers, Path beside) {
    return new Saving() {
      private String saved = "";

      @Override
      public long pausedNanos() {
        return 0;
      }

      @Override
      public void finish() {
        synchronized (FakeMachine.this) {
          saved = "fake:" + (memory.isEmpty() ? ";" : memory);
        }
      }

      @Override
      public void seal(Path folder) throws IOException {
        if (saved.contains("diskfull")) {
          Files.writeString(folder.resolve("state"), "half");
          throw new IOException("write failed: No space left on device");
        }
        Files.writeString(folder.resolve("state"), saved);
      }

      @Override
      public void name() {}

      @Override
      public void close() {}
    };
  }

  @Override
  public synchronized long cpuNanos() {
    return ran;
  }

  @Override
  public SortedMap<String, Long> counters() {
    return new TreeMap<>(java.util.Map.of("exit.io", 5L));
  }

  @Override
  public void close() {}

  /** Hears what the host sends. */
  private interface Guest {
    void heard(String text);
  }

  private static final class Port implements SerialPort {
    private final Guest guest;
    private volatile @Nullable Listener listener;

    Port(Guest guest) {
      this.guest = guest;
    }

    void say(String text) {
      Listener current = listener;
      if (current != null) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        current.received(bytes, 0, bytes.length);
      }
    }

    @Override
    public void send(byte[] data, int offset, int length) {
      guest.heard(new String(data, offset, length, StandardCharsets.UTF_8));
    }

    @Override
    public void flush() {}

    @Override
    public void listen(Listener next) {
      listener = next;
    }
  }
}
