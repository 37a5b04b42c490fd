package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.Terminal;
import com.techsenger.jeditermfx.core.TerminalDataStream;
import com.techsenger.jeditermfx.core.TerminalDisplay;
import com.techsenger.jeditermfx.core.TerminalExecutorServiceManager;
import com.techsenger.jeditermfx.core.TerminalStarter;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.TtyBasedArrayDataStream;
import com.techsenger.jeditermfx.core.TtyConnector;
import com.techsenger.jeditermfx.core.emulator.JediEmulator;
import com.techsenger.jeditermfx.core.model.JediTerminal;
import com.techsenger.jeditermfx.core.model.StyleState;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.typeahead.TerminalTypeAheadManager;
import com.techsenger.jeditermfx.ui.JediTermFxWidget;
import com.techsenger.jeditermfx.ui.SearchComponent;
import com.techsenger.jeditermfx.ui.TerminalPanel;
import com.techsenger.jeditermfx.ui.settings.SettingsProvider;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The emulator's widget as we need it: our screen, panel and search bar, threads that don't keep
 * the process alive, and no answers to queries in replayed output.
 */
final class TerminalWidget extends JediTermFxWidget {
  private final TerminalSettings settings;

  TerminalWidget(int columns, int lines, TerminalSettings settings) {
    super(columns, lines, settings);
    this.settings = settings;
    panel().takeOver();
  }

  GuestPanel panel() {
    return (GuestPanel) getTerminalPanel();
  }

  @Override
  protected SearchComponent createSearchComponent() {
    return new SearchBar(settings.texts(), panel());
  }

  /** Types into the guest, as the keyboard does. */
  void type(byte[] bytes) {
    doWithTerminalStarter(starter -> starter.sendBytes(bytes, true));
  }

  /** Takes the font of the settings anew. */
  void renewFont() {
    panel().renewFont();
  }

  @Override
  protected TerminalPanel createTerminalPanel(
      SettingsProvider settings, StyleState style, TerminalTextBuffer buffer) {
    return new GuestPanel((TerminalSettings) settings, buffer, style);
  }

  @Override
  protected JediTerminal createTerminal(
      TerminalDisplay display, TerminalTextBuffer buffer, StyleState style) {
    return new GuestScreen(display, buffer, style);
  }

  @Override
  protected TerminalStarter createTerminalStarter(JediTerminal terminal, TtyConnector connector) {
    return new Starter(
        terminal,
        (ConsoleTty) connector,
        new TtyBasedArrayDataStream(connector),
        getTypeAheadManager(),
        getExecutorServiceManager());
  }

  @Override
  protected StyleState createDefaultStyle() {
    StyleState style = new StyleState();
    style.setDefaultStyle(
        new TextStyle(
            mySettingsProvider.getDefaultForeground(), mySettingsProvider.getDefaultBackground()));
    return style;
  }

  @Override
  protected TerminalExecutorServiceManager createExecutorServiceManager() {
    return new DaemonThreads();
  }

  private static final class Starter extends TerminalStarter {
    private final ConsoleTty tty;

    Starter(
        JediTerminal terminal,
        ConsoleTty tty,
        TerminalDataStream stream,
        TerminalTypeAheadManager typeAhead,
        TerminalExecutorServiceManager threads) {
      super(terminal, tty, stream, typeAhead, threads);
      this.tty = tty;
    }

    @Override
    protected JediEmulator createEmulator(TerminalDataStream stream, Terminal terminal) {
      return new GuestEmulator(stream, (GuestScreen) terminal);
    }

    @Override
    public void sendBytes(byte[] bytes, boolean userInput) {
      if (userInput || !tty.replaying()) {
        super.sendBytes(bytes, userInput);
      }
    }

    @Override
    public void sendString(String text, boolean userInput) {
      if (userInput || !tty.replaying()) {
        super.sendString(text, userInput);
      }
    }
  }

  private static final class DaemonThreads implements TerminalExecutorServiceManager {
    private final ScheduledExecutorService single =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("terminal-input").factory());
    private final ExecutorService unbounded =
        Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("terminal").factory());

    @Override
    public ScheduledExecutorService getSingleThreadScheduledExecutor() {
      return single;
    }

    @Override
    public ExecutorService getUnboundedExecutorService() {
      return unbounded;
    }

    @Override
    public void shutdownWhenAllExecuted() {
      single.shutdown();
      unbounded.shutdown();
    }
  }
}
