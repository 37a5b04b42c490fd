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
import com.techsenger.jeditermfx.ui.TerminalCopyPasteHandler;
import com.techsenger.jeditermfx.ui.TerminalPanel;
import com.techsenger.jeditermfx.ui.settings.SettingsProvider;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import org.jspecify.annotations.Nullable;

/**
 * The emulator's widget as we need it: JavaFX's clipboard instead of AWT's, threads that don't keep
 * the process alive, our screen, and no answers to queries in replayed output.
 */
final class TerminalWidget extends JediTermFxWidget {
  TerminalWidget(int columns, int lines, SettingsProvider settings) {
    super(columns, lines, settings);
  }

  /** Types into the guest, as the keyboard does. */
  void type(byte[] bytes) {
    doWithTerminalStarter(starter -> starter.sendBytes(bytes, true));
  }

  /** Takes the font of the settings anew. */
  void renewFont() {
    if (getTerminalPanel() instanceof Panel panel) {
      panel.renewFont();
    }
  }

  @Override
  protected TerminalPanel createTerminalPanel(
      SettingsProvider settings, StyleState style, TerminalTextBuffer buffer) {
    return new Panel(settings, buffer, style);
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

  private static final class Panel extends TerminalPanel {
    Panel(SettingsProvider settings, TerminalTextBuffer buffer, StyleState style) {
      super(settings, buffer, style);
    }

    void renewFont() {
      reinitFontAndResize();
    }

    @Override
    protected TerminalCopyPasteHandler createCopyPasteHandler() {
      return new TerminalCopyPasteHandler() {
        @Override
        public void setContents(String text, boolean selection) {
          ClipboardContent content = new ClipboardContent();
          content.putString(text);
          Clipboard.getSystemClipboard().setContent(content);
        }

        @Override
        public @Nullable String getContents(boolean selection) {
          return Clipboard.getSystemClipboard().getString();
        }
      };
    }
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
