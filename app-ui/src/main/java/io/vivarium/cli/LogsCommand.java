package io.vivarium.cli;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.VivariumException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "logs",
    sortOptions = false,
    description = "Print what a VM's console said since its last start, at most the last 4 MiB.")
final class LogsCommand extends Verb {
  @Parameters(paramLabel = "NAME")
  String name = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Go on until the VM ends.")
  boolean follow;

  LogsCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException, IOException {
    FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    if (!follow || vivarium().inspect(name).enginePid() == 0) {
      out.write(vivarium().logs(name));
      return 0;
    }
    CountDownLatch over = new CountDownLatch(1);
    ConsoleConnection.Listener listener =
        new ConsoleConnection.Listener() {
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
        };
    ConsoleConnection console = vivarium().console(name, listener);
    try {
      over.await();
    } catch (InterruptedException e) {
      return VivMain.FAILED;
    } finally {
      console.close();
    }
    return 0;
  }
}
