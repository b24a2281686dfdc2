#include "analysis/plots/fonts.h"

#include <fontconfig/fontconfig.h>
#include <stdbool.h>

static bool any_font_has(gunichar letter)
{
    FcCharSet *letters = FcCharSetCreate();
    FcObjectSet *nothing = FcObjectSetBuild(FC_FAMILY, (char *)NULL);
    FcPattern *pattern = FcPatternCreate();
    FcCharSetAddChar(letters, letter);
    FcPatternAddCharSet(pattern, FC_CHARSET, letters);
    FcFontSet *fonts = FcFontList(NULL, pattern, nothing);
    bool has = !fonts || fonts->nfont > 0;
    if (fonts) FcFontSetDestroy(fonts);
    FcPatternDestroy(pattern);
    FcObjectSetDestroy(nothing);
    FcCharSetDestroy(letters);
    return has;
}

char *res_fonts_lacking(const char *text)
{
    GString *lacking = g_string_new(NULL);
    g_autoptr(GHashTable) asked = g_hash_table_new(NULL, NULL);
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        if (letter < 0x80 || !g_unichar_isgraph(letter)) continue;
        if (!g_hash_table_add(asked, GUINT_TO_POINTER(letter))) continue;
        if (!any_font_has(letter)) g_string_append_unichar(lacking, letter);
    }
    return g_string_free(lacking, FALSE);
}
