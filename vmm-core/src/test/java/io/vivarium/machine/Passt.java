package io.vivarium.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A passt that waits at a socket; it ends with its machine. */
final class Passt implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/bin/passt");

  private final Path socket;
  private final Process process;

  Passt(Path socket, String... options) throws IOException, InterruptedException {
    this.socket = socket;
    Files.deleteIfExists(socket);
    List<String> command =
        new ArrayList<>(
            List.of(
                PROGRAM.toString(), "--foreground", "--one-off", "--socket", socket.toString()));
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("--runas", "0:0")); // as nobody it could not make its socket here
    }
    command.addAll(List.of(options));
    Path log = socket.resolveSibling("passt.log");
    process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    while (!Files.exists(socket)) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw new IOException("passt ended: " + Files.readString(log));
      }
    }
  }

  static boolean isThere() {
    return Files.isExecutable(PROGRAM);
  }

  Path socket() {
    return socket;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
