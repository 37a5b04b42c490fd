package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.Color;
import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import com.techsenger.jeditermfx.core.model.TerminalTypeAheadSettings;
import com.techsenger.jeditermfx.ui.TerminalActionPresentation;
import com.techsenger.jeditermfx.ui.settings.DefaultSettingsProvider;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import javafx.scene.input.KeyCombination;
import javafx.scene.text.Font;
import javafx.scene.text.Text;

/**
 * Keys, colours and font of the terminal. No plain Ctrl key is taken from the guest: copy, paste,
 * find and scrolling are with Shift.
 */
final class TerminalSettings extends DefaultSettingsProvider {
  private static final TerminalColor FOREGROUND = TerminalColor.rgb(0xd5, 0xdb, 0xe3);
  private static final TerminalColor BACKGROUND = TerminalColor.rgb(0x0f, 0x14, 0x19);

  /**
   * Sixteen colours of letters that all read well on the background (contrast at least 4.5, but
   * black).
   */
  private static final int[] COLORS = {
    0x1c232b, 0xff7b72, 0x56d364, 0xe3b341, 0x79b8ff, 0xd2a8ff, 0x56d4dd, 0xd5dbe3,
    0x7d8894, 0xffa198, 0x7ee787, 0xf2cc60, 0xa5d0ff, 0xe2c5ff, 0x8ae6ec, 0xffffff,
  };

  /**
   * Grounds: dark enough for bright letters, or bright enough for dark ones, as programs use them.
   */
  private static final int[] GROUNDS = {
    0x1c232b, 0xb3313a, 0x2e8b45, 0xb08820, 0x1f55a5, 0x7d4bb0, 0x2493a0, 0xd5dbe3,
    0x57606a, 0xe5534b, 0x46a758, 0xd4a72c, 0x4184e4, 0x986ee2, 0x3fb3bf, 0xffffff,
  };

  private final Texts texts;
  private double wantedSize;
  private volatile boolean mouseReported;

  /**
   * @param wantedSize of the font in points; the nearest that makes whole cells is taken
   */
  TerminalSettings(Texts texts, double wantedSize) {
    this.texts = texts;
    this.wantedSize = wantedSize;
  }

  /** Another size, which the panel asks for when its font is made anew. */
  void setSize(double size) {
    wantedSize = size;
  }

  Texts texts() {
    return texts;
  }

  /** Whether the program in the guest wants to hear of the mouse. */
  void setMouseReported(boolean reported) {
    mouseReported = reported;
  }

  /** The wheel gives arrow keys to a program of the whole screen that does not hear of it. */
  @Override
  public boolean sendArrowKeysInAlternativeMode() {
    return !mouseReported;
  }

  @Override
  public TerminalActionPresentation getCopyActionPresentation() {
    return action("terminal.copy", "Ctrl+Shift+C");
  }

  @Override
  public TerminalActionPresentation getPasteActionPresentation() {
    return action("terminal.paste", "Ctrl+Shift+V");
  }

  @Override
  public TerminalActionPresentation getFindActionPresentation() {
    return action("terminal.find", "Ctrl+Shift+F");
  }

  @Override
  public TerminalActionPresentation getClearBufferActionPresentation() {
    return new TerminalActionPresentation(texts.get("terminal.clear"), List.of());
  }

  @Override
  public TerminalActionPresentation getSelectAllActionPresentation() {
    return action("terminal.selectAll", "Ctrl+Shift+A");
  }

  @Override
  public TerminalActionPresentation getPageUpActionPresentation() {
    return action("terminal.pageUp", "Shift+Page_Up");
  }

  @Override
  public TerminalActionPresentation getPageDownActionPresentation() {
    return action("terminal.pageDown", "Shift+Page_Down");
  }

  @Override
  public TerminalActionPresentation getLineUpActionPresentation() {
    return action("terminal.lineUp", "Ctrl+Shift+Up");
  }

  @Override
  public TerminalActionPresentation getLineDownActionPresentation() {
    return action("terminal.lineDown", "Ctrl+Shift+Down");
  }

  @Override
  public TerminalActionPresentation getOpenUrlActionPresentation() {
    return new TerminalActionPresentation(texts.get("terminal.openUrl"), List.of());
  }

  private TerminalActionPresentation action(String textKey, String key) {
    return new TerminalActionPresentation(texts.get(textKey), KeyCombination.valueOf(key));
  }

  @Override
  public ColorPalette getTerminalColorPalette() {
    return new ColorPalette() {
      @Override
      protected Color getForegroundByColorIndex(int index) {
        return new Color(COLORS[index]);
      }

      @Override
      protected Color getBackgroundByColorIndex(int index) {
        return new Color(GROUNDS[index]);
      }
    };
  }

  @Override
  public TerminalColor getDefaultForeground() {
    return FOREGROUND;
  }

  @Override
  public TerminalColor getDefaultBackground() {
    return BACKGROUND;
  }

  @Override
  public TextStyle getSelectionColor() {
    return new TextStyle(TerminalColor.WHITE, TerminalColor.rgb(0x1f, 0x5f, 0xbf));
  }

  @Override
  public boolean useInverseSelectionColor() {
    return false;
  }

  /**
   * The widget lays characters out in cells of whole pixels; a font whose advance is not whole
   * would drift away from its cursor along a line.
   */
  @Override
  public Font getTerminalFont() {
    Font font = Font.font("Monospaced", wantedSize);
    double advance = advance(font);
    return Font.font("Monospaced", wantedSize * Math.round(advance) / advance);
  }

  private static double advance(Font font) {
    Text text = new Text("W".repeat(100));
    text.setFont(font);
    return text.getLayoutBounds().getWidth() / 100;
  }

  @Override
  public float getTerminalFontSize() {
    return (float) getTerminalFont().getSize();
  }

  @Override
  public float getLineSpacing() {
    return 1.1f;
  }

  /** Without a limit: {@link GuestScreen} has its own. */
  @Override
  public int getBufferMaxLinesCount() {
    return 0;
  }

  /** A bell through AWT would bring a second toolkit up. */
  @Override
  public boolean audibleBell() {
    return false;
  }

  @Override
  public int maxRefreshRate() {
    return 30;
  }

  @Override
  public boolean pasteOnMiddleMouseClick() {
    return true;
  }

  /** Guessing what a guest will echo shows passwords. */
  @Override
  public TerminalTypeAheadSettings getTypeAheadSettings() {
    return new TerminalTypeAheadSettings(false, 0, new TextStyle());
  }
}
