package io.vivarium.desktop.terminal;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.Vivarium;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.function.Supplier;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.geometry.Insets;
import javafx.scene.canvas.Canvas;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.Pane;

/** A terminal on the console of one VM. Lives on the interface thread. */
public final class TerminalView extends Pane implements AutoCloseable {
  /** How it stands with the console. */
  public enum Link {
    APART,
    CONNECTING,
    CONNECTED
  }

  private static final double PREFERRED_WIDTH = 640;
  private static final double PREFERRED_HEIGHT = 400;
  private static final int COLUMNS = 80;
  private static final int LINES = 24;

  private final Vivarium vivarium;
  private final Jobs jobs;
  private final Supplier<String> vmName;
  private final ConsoleTty tty = new ConsoleTty();
  private final TerminalSettings settings;
  private final TerminalWidget widget;
  private final ReadOnlyObjectWrapper<Link> link = new ReadOnlyObjectWrapper<>(Link.APART);
  private long attempt;

  /**
   * @param fontSize in pixels
   * @param vmName the VM's name of the moment
   */
  public TerminalView(
      Vivarium vivarium, Jobs jobs, Texts texts, double fontSize, Supplier<String> vmName) {
    this.vivarium = vivarium;
    this.jobs = jobs;
    this.vmName = vmName;
    getStyleClass().add("terminal-host");
    setMinSize(0, 0);
    setPrefSize(PREFERRED_WIDTH, PREFERRED_HEIGHT);
    settings = new TerminalSettings(texts, fontSize);
    widget = new TerminalWidget(COLUMNS, LINES, settings);
    widget.setTtyConnector(tty);
    widget.start();
    widget.getPane().setManaged(false);
    getChildren().setAll(widget.getPane());
    Canvas canvas = widget.getTerminalPanel().getCanvas();
    canvas.setId("terminal-canvas");
    // The picture changes with each key: a cached copy of it would only cost.
    canvas.setCache(false);
    KeyFilter keys = new KeyFilter(widget);
    addEventFilter(KeyEvent.KEY_PRESSED, keys::filter);
    addEventFilter(KeyEvent.KEY_TYPED, keys::filterTyped);
  }

  /**
   * The widget wants as many pixels as it has cells and then makes more cells of what it got: it is
   * given our size, whatever it wants.
   */
  @Override
  protected void layoutChildren() {
    Insets insets = getInsets();
    widget
        .getPane()
        .resizeRelocate(
            insets.getLeft(),
            insets.getTop(),
            Math.max(0, getWidth() - insets.getLeft() - insets.getRight()),
            Math.max(0, getHeight() - insets.getTop() - insets.getBottom()));
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

  /** Shows what a VM that does not run has written last, unless something is shown already. */
  public void showLog() {
    if (attempt > 0) {
      return;
    }
    long mine = ++attempt;
    String name = vmName.get();
    jobs.read(
        () -> vivarium.logs(name),
        log -> {
          if (mine == attempt) {
            tty.listener(() -> {}).output(log);
          }
        },
        why -> {});
  }

  private void connected(long of, ConsoleConnection connection) {
    if (of != attempt) {
      connection.close();
      return;
    }
    tty.attach(connection);
    link.set(Link.CONNECTED);
    jobs.read(tty::tellSize, told -> {}, why -> {});
  }

  private void apart(long of) {
    if (of == attempt) {
      link.set(Link.APART);
    }
  }

  /**
   * Takes another font size, and as many cells as then fit.
   *
   * @param pixels of the font
   */
  public void setFontSize(double pixels) {
    settings.setSize(pixels);
    widget.renewFont();
  }

  /** Columns that fit. */
  public int columns() {
    return widget.getTerminalTextBuffer().getWidth();
  }

  /** For tests: the emulator. */
  TerminalWidget widget() {
    return widget;
  }

  /** Puts the keyboard into the terminal. */
  public void focusTerminal() {
    Nodes.focus(widget.getTerminalPanel().getCanvas());
  }

  /** What stands on its screen, for tests and for assistive tools. */
  public String screenText() {
    return CellText.ofScreen(widget.getTerminalTextBuffer());
  }

  @Override
  public void close() {
    attempt++;
    widget.close();
    tty.close();
  }
}
