package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.library.HostPrograms;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A passt: the host's process that is the other end of a guest's cable, and turns what comes out of
 * it into ordinary sockets of the user's. Serves one connection and ends with it; a shell around it
 * ends it when the engine's pipe closes, so that it never outlives an engine that was killed before
 * it connected. See passt(1).
 */
final class Passt implements AutoCloseable {
  /** The address of the guest's gateway, which is also the host's; the same in every VM. */
  static final String GATEWAY = "10.0.2.2";

  private static final long LOOK_MILLIS = 5;
  private static final long LONGEST_START_MILLIS = 10_000;
  private static final long LONGEST_END_MILLIS = 2_000;

  /** Ends the program that it is given when its standard input ends, and ends with it. */
  private static final String WITH_US =
      """
      exec 3<&0
      "$@" </dev/null &
      passt=$!
      { read -r gone <&3; kill $passt; } &
      watch=$!
      wait $passt
      kill $watch
      """;

  private final Process process;
  private final Path socket;

  private Passt(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /**
   * Starts one; its {@link #socket} is there when this returns, and it is about to listen there.
   *
   * @param wanted path for its socket
   */
  static Passt start(Path wanted, GuestAddress guest, List<PortSpec> ports)
      throws VivariumException, IOException, InterruptedException {
    String program = find();
    Path socket = SocketPaths.prepare(wanted);
    List<String> words = new ArrayList<>(List.of("sh", "-c", WITH_US, "sh"));
    words.addAll(command(program, socket, guest, ports));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.directory(Path.of("/").toFile());
    builder.redirectErrorStream(true);
    Passt passt = new Passt(builder.start(), socket);
    StringBuilder said = new StringBuilder();
    Thread reader = Thread.ofPlatform().daemon().name("passt-log").start(() -> passt.read(said));
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LONGEST_START_MILLIS);
    while (!Files.exists(socket)) {
      if (passt.process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        reader.join(LONGEST_END_MILLIS);
        throw passt.refused(said);
      }
      if (System.nanoTime() > until) {
        passt.close();
        throw passt.refused(said);
      }
    }
    return passt;
  }

  /** Where passt is. */
  static String find() throws VivariumException {
    Path passt = HostPrograms.passt();
    if (passt != null) {
      return passt.toString();
    }
    throw new VivariumException(
        Kind.HOST,
        "the network 'user' needs passt, which is not installed",
        "Install it: sudo apt-get install passt (or dnf, pacman...); or run with --network none.");
  }

  private static List<String> command(
      String program, Path socket, GuestAddress guest, List<PortSpec> ports) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(program, "--foreground", "--one-off", "--quiet", "--stderr"));
    if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
      // Else it becomes 'nobody', who cannot enter the VM's folder.
      command.addAll(List.of("--runas", "0:0"));
    }
    command.addAll(List.of("--socket", socket.toString()));
    command.addAll(List.of("--address", guest.ip(), "--netmask", "" + guest.prefix()));
    command.addAll(List.of("--gateway", GATEWAY));
    for (PortSpec port : ports) {
      command.add(port.protocol().equals("udp") ? "--udp-ports" : "--tcp-ports");
      command.add(port.hostAddress() + "/" + port.hostPort() + ":" + port.guestPort());
    }
    return command;
  }

  private void read(StringBuilder said) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.contains("to syslog") && !line.isBlank()) {
          EngineLog.say("passt: " + line);
          synchronized (said) {
            if (said.length() < 2000) {
              said.append(line).append('\n');
            }
          }
        }
      }
    } catch (IOException e) {
      EngineLog.say("passt's words broke off: " + e.getMessage());
    }
  }

  private VivariumException refused(StringBuilder said) {
    String last;
    synchronized (said) {
      last = said.toString().lines().reduce("it said nothing", (before, line) -> line);
    }
    return new VivariumException(
        Kind.HOST,
        "the network 'user' did not come up: passt: " + last,
        "Check that this host has a network, or run with --network none.");
  }

  Path socket() {
    return socket;
  }

  /** Waits a little; whether it has ended. */
  boolean endedWithin(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /** Returns when it has ended. */
  void await() throws InterruptedException {
    process.waitFor();
  }

  /** Ends it, and frees its ports. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(LONGEST_END_MILLIS, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
