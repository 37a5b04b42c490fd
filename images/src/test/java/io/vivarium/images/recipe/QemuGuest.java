package io.vivarium.images.recipe;

import io.vivarium.images.agent.AgentCall;
import io.vivarium.images.agent.AgentInput;
import io.vivarium.images.agent.AgentLine;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.agent.ReadyScanner;
import io.vivarium.images.store.StoredImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A guest in QEMU's software emulation, on sockets its console and what its agent speaks on: serial
 * ports, or streams. For tests.
 */
final class QemuGuest implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 240;

  /** A command's status and all it printed. */
  record Reply(int status, String out, String err) {}

  private final Process qemu;
  private final List<SocketChannel> ports = new ArrayList<>();
  private final Object changed = new Object();
  private final ByteArrayOutputStream console = new ByteArrayOutputStream();
  private final ReadyScanner ready = new ReadyScanner();
  private final AgentLine line;
  private @Nullable AgentCall call;

  private QemuGuest(Process qemu, AgentLine line) {
    this.qemu = qemu;
    this.line = line;
  }

  static QemuGuest boot(StoredImage image, Path folder, AgentLine line, String... more)
      throws Exception {
    Files.createDirectories(folder);
    List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-accel", "tcg"));
    command.addAll(List.of("-M", "q35", "-m", "512", "-display", "none", "-nodefaults"));
    command.addAll(List.of("-no-reboot", "-kernel", image.kernel().toString()));
    image.initrd().ifPresent(i -> command.addAll(List.of("-initrd", i.toString())));
    // A starved host lets the kernel think that its timer is dead.
    command.addAll(List.of("-append", image.manifest().cmdline() + " no_timer_check"));
    boolean streams = line == AgentLine.STREAMS;
    if (streams) {
      command.addAll(List.of("-device", "virtio-serial-pci"));
    }
    for (int i = 0; i < 3; i++) {
      Path socket = folder.resolve("port" + i);
      command.addAll(List.of("-chardev", "socket,id=c" + i + ",path=" + socket + ",server=on"));
      if (i > 0 && streams) {
        String name = AgentProtocol.STREAMS.get(i - 1);
        command.addAll(List.of("-device", "virtserialport,chardev=c" + i + ",name=" + name));
      } else {
        command.addAll(List.of("-serial", "chardev:c" + i));
      }
    }
    Collections.addAll(command, more);
    Process qemu =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("qemu.log").toFile())
            .start();
    QemuGuest guest = new QemuGuest(qemu, line);
    for (int i = 0; i < 3; i++) {
      guest.connect(folder.resolve("port" + i), i);
    }
    return guest;
  }

  private void connect(Path socket, int index) throws Exception {
    await("QEMU listens", () -> Files.exists(socket) || !qemu.isAlive());
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    ports.add(channel);
    Thread.ofPlatform().daemon().start(() -> pump(channel, index));
  }

  private void pump(SocketChannel channel, int index) {
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    try {
      while (channel.read(buffer.clear()) >= 0) {
        synchronized (changed) {
          received(index, buffer.array(), buffer.position());
          changed.notifyAll();
        }
      }
    } catch (IOException e) {
      // QEMU ended, or the test did.
    }
  }

  private void received(int index, byte[] data, int length) {
    if (index == 0) {
      console.write(data, 0, length);
    } else if (index == AgentProtocol.STDOUT_PORT) {
      ready.feed(data, 0, length);
      if (call != null) {
        call.feedStdout(data, 0, length);
      }
    } else if (call != null) {
      call.feedStderr(data, 0, length);
    }
  }

  int awaitReady() throws Exception {
    await("the agent is ready", () -> ready.version() != 0);
    return ready.version();
  }

  Reply exec(RandomGenerator random, String... argv) throws Exception {
    return exec(random, List.of(argv));
  }

  Reply exec(RandomGenerator random, List<String> argv) throws Exception {
    return exec(random, argv, false);
  }

  /** Runs a command that does not end by itself, and checks that SIGINT ends it. */
  void interruptWhenItRuns(RandomGenerator random, List<String> argv) throws Exception {
    Reply reply = exec(random, argv, true);
    if (reply.status() != 130) {
      throw new AssertionError("not ended by SIGINT: " + reply);
    }
  }

  Reply execWithInput(RandomGenerator random, byte[] input, String... argv) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String nonce = AgentProtocol.newNonce(random);
    AgentCall mine = AgentCall.withInput(line, nonce, List.of(argv), out::write, err::write);
    synchronized (changed) {
      call = mine;
    }
    send(AgentProtocol.STDOUT_PORT, mine.request());
    await("it takes input", mine::takesInput);
    AgentInput encoder = mine.input();
    for (int at = 0; at < input.length; at += encoder.most()) {
      byte[] step = Arrays.copyOfRange(input, at, Math.min(input.length, at + encoder.most()));
      send(AgentProtocol.STDOUT_PORT, encoder.encode(step));
    }
    send(AgentProtocol.STDOUT_PORT, encoder.end());
    await(String.join(" ", argv), () -> mine.exitStatus().isPresent());
    return new Reply(
        mine.exitStatus().orElseThrow(),
        out.toString(StandardCharsets.UTF_8),
        err.toString(StandardCharsets.UTF_8));
  }

  private Reply exec(RandomGenerator random, List<String> argv, boolean interrupt)
      throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    AgentCall mine =
        new AgentCall(line, AgentProtocol.newNonce(random), argv, out::write, err::write);
    synchronized (changed) {
      call = mine;
    }
    send(AgentProtocol.STDOUT_PORT, mine.request());
    if (interrupt) {
      // The console's shell sees the process once it runs.
      type("until pidof " + argv.get(0) + "; do usleep 100000; done; echo it'is' running\n");
      awaitConsole("itis running");
      send(mine.interrupt(false).port(), mine.interrupt(false).bytes());
    }
    await(String.join(" ", argv), () -> mine.exitStatus().isPresent());
    return new Reply(
        mine.exitStatus().orElseThrow(),
        out.toString(StandardCharsets.UTF_8),
        err.toString(StandardCharsets.UTF_8));
  }

  void type(String text) throws IOException {
    send(0, text.getBytes(StandardCharsets.UTF_8));
  }

  void awaitConsole(String text) throws Exception {
    await("the console shows " + text, () -> console().contains(text));
  }

  String console() {
    synchronized (changed) {
      return console.toString(StandardCharsets.UTF_8);
    }
  }

  boolean awaitEnd() throws InterruptedException {
    return qemu.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private void send(int index, byte[] data) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(data);
    while (buffer.hasRemaining()) {
      ports.get(index).write(buffer);
    }
  }

  private void await(String what, BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (changed) {
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() > end || !qemu.isAlive()) {
          throw new TimeoutException("waited in vain until " + what + "; console:\n" + console());
        }
        changed.wait(20);
      }
    }
  }

  @Override
  public void close() throws IOException {
    qemu.destroyForcibly();
    for (SocketChannel port : ports) {
      port.close();
    }
  }
}
