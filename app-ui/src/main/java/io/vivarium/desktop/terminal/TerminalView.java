package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.util.TermSize;
import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.ExecResult;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import java.util.function.Supplier;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.scene.layout.StackPane;
import org.jspecify.annotations.Nullable;

/** A terminal on the console of one VM. Lives on the interface thread. */
public final class TerminalView extends StackPane implements AutoCloseable {
  /** How it stands with the console. */
  public enum Link {
    APART,
    CONNECTING,
    CONNECTED
  }

  private static final double FONT_SIZE = 13;
  private static final int COLUMNS = 80;
  private static final int LINES = 24;

  private final Vivarium vivarium;
  private final Jobs jobs;
  private final Supplier<String> vmName;
  private final ConsoleTty tty = new ConsoleTty(this::resized);
  private final TerminalWidget widget;
  private final ReadOnlyObjectWrapper<Link> link = new ReadOnlyObjectWrapper<>(Link.APART);
  private volatile @Nullable TermSize size;
  private volatile boolean canTellSize;
  private long attempt;

  /**
   * @param vmName the VM's name of the moment
   */
  public TerminalView(Vivarium vivarium, Jobs jobs, Texts texts, Supplier<String> vmName) {
    this.vivarium = vivarium;
    this.jobs = jobs;
    this.vmName = vmName;
    getStyleClass().add("terminal-host");
    setMinSize(0, 0);
    widget = new TerminalWidget(COLUMNS, LINES, new TerminalSettings(texts, FONT_SIZE));
    widget.setTtyConnector(tty);
    widget.start();
    getChildren().setAll(widget.getPane());
    widget.getTerminalPanel().getCanvas().setId("terminal-canvas");
  }

  public ReadOnlyObjectProperty<Link> linkProperty() {
    return link.getReadOnlyProperty();
  }

  /** Connects unless that is so already or under way. */
  public void connect() {
    if (link.get() == Link.APART) {
      reconnect();
    }
  }

  /** Connects anew: the terminal is cleared and shows the console's backlog. */
  public void reconnect() {
    tty.detach();
    long mine = ++attempt;
    link.set(Link.CONNECTING);
    String name = vmName.get();
    ConsoleConnection.Listener listener =
        tty.listener(() -> jobs.onInterfaceThread(() -> apart(mine)));
    jobs.read(
        () -> vivarium.console(name, listener),
        connection -> connected(mine, connection),
        why -> apart(mine));
  }

  private void connected(long of, ConsoleConnection connection) {
    if (of != attempt) {
      connection.close();
      return;
    }
    tty.attach(connection);
    link.set(Link.CONNECTED);
    canTellSize = true;
    TermSize now = size;
    if (now != null) {
      tellSize(now);
    }
  }

  private void apart(long of) {
    if (of == attempt) {
      link.set(Link.APART);
    }
  }

  /** Puts the keyboard into the terminal. */
  public void focusTerminal() {
    widget.getTerminalPanel().getCanvas().requestFocus();
  }

  /** What stands on its screen, for tests and for assistive tools. */
  public String screenText() {
    return widget.getTerminalTextBuffer().getScreenLines();
  }

  private void resized(TermSize now) {
    size = now;
    if (canTellSize) {
      tellSize(now);
    }
  }

  /**
   * A serial line has no way to tell its size, so the guest's agent sets it; where there is no
   * agent it is not tried again on this connection.
   */
  private void tellSize(TermSize now) {
    List<String> argv =
        List.of(
            "stty",
            "-F",
            "/dev/ttyS0",
            "rows",
            Integer.toString(now.getRows()),
            "cols",
            Integer.toString(now.getColumns()));
    jobs.read(
        () -> vivarium.exec(vmName.get(), argv, NO_OUTPUT),
        this::sizeTold,
        why -> canTellSize = why.kind() == VivariumException.Kind.WRONG_STATE);
  }

  private void sizeTold(ExecResult result) {
    canTellSize = result.exitStatus() == 0;
  }

  private static final Vivarium.ExecListener NO_OUTPUT =
      new Vivarium.ExecListener() {
        @Override
        public void stdout(byte[] data) {}

        @Override
        public void stderr(byte[] data) {}
      };

  @Override
  public void close() {
    attempt++;
    widget.close();
    tty.close();
  }
}
