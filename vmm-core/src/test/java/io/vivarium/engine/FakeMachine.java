package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.MachineConfig;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import io.vivarium.memory.LayerReader;
import io.vivarium.memory.LayerWriter;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
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
      try {
        MemoryMap map = MemoryMap.read(files);
        byte[] state = Files.readAllBytes(files.resolve(MemoryMap.STATE));
        map.checkState(files.resolve(MemoryMap.STATE), state);
        ByteBuffer ram = ByteBuffer.allocate(PAGES * MemoryLayers.PAGE);
        try (LayerReader reader = new LayerReader(new MemoryLayers(layers), map)) {
          reader.read(0, PAGES, ram);
        }
        byte[] text = new byte[ram.getInt(0)];
        ram.get(Integer.BYTES, text);
        return new FakeSaved(new String(text, StandardCharsets.UTF_8), map);
      } catch (IOException e) {
        throw new VivariumException(Kind.BAD_FILE, String.valueOf(e.getMessage()), "", e);
      }
    }
  }

  private record FakeSaved(String memory, MemoryMap map) implements MachineFactory.Saved {
    @Override
    public VirtualMachine restore(
        String name, DeviceConfig devices, MachineExit.Listener listener) {
      FakeMachine machine = new FakeMachine(memory, devices, listener);
      machine.base = map;
      return machine;
    }

    @Override
    public void close() {}
  }

  /** Of RAM: what was typed, behind its length, and zeroes. */
  private static final int PAGES = 64;

  private final MachineExit.Listener listener;
  private final DeviceConfig devices;
  private final StringBuilder memory;
  private final Port console = new Port(this::typed);
  private final Port agent = new Port(this::requested);
  private final Port errors = new Port(text -> {});
  private final Port clock = new Port(text -> {});
  private volatile String mac = "its parent's";
  private boolean announced;
  private boolean paused = true;
  private long ran = 1;
  private @Nullable MemoryMap base;

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
        case "address" -> console.say("address=" + mac + ";\n");
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
      case "sh" -> {
        // The one script that engines send: it ends with an address.
        mac = words[words.length - 1];
        done(nonce, 0);
      }
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
  public Saving startSaving(Path layers, Path beside) throws IOException {
    MemoryLayers folder = new MemoryLayers(layers);
    LayerWriter writer = new LayerWriter(folder, beside, PAGES, present(folder));
    return new Saving() {
      private String saved = "";

      @Override
      public long pausedNanos() {
        return 0;
      }

      @Override
      public void finish() throws IOException {
        ByteBuffer ram = ByteBuffer.allocate(PAGES * MemoryLayers.PAGE);
        synchronized (FakeMachine.this) {
          saved = memory.isEmpty() ? ";" : memory.toString();
        }
        byte[] text = saved.getBytes(StandardCharsets.UTF_8);
        ram.putInt(0, text.length).put(Integer.BYTES, text);
        writer.store(0, MemorySegment.ofBuffer(ram));
      }

      @Override
      public void seal(Path target) throws IOException {
        Path file = target.resolve(MemoryMap.STATE);
        if (saved.contains("diskfull")) {
          Files.writeString(file, "half");
          throw new IOException("write failed: No space left on device");
        }
        byte[] state = ("fake:" + saved.length()).getBytes(StandardCharsets.US_ASCII);
        Files.write(file, state);
        base = writer.seal(state, target);
      }

      @Override
      public void name() throws IOException {
        writer.name();
      }

      @Override
      public void close() {
        writer.close();
      }
    };
  }

  private @Nullable MemoryMap present(MemoryLayers layers) {
    MemoryMap before = base;
    boolean there =
        before != null
            && before.layers().stream().allMatch(one -> Files.exists(layers.data(one.id())));
    return there ? before : null;
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
