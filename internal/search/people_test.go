package search_test

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// A culture is a stock of names with a share of all customers. Names come in order of frequency;
// they are drawn with a Zipf-like skew. Stems and endings make the long tail of rare family names.
type culture struct {
	share               int
	first, last         []string
	stems, ends         []string
	mail                []string // latin spellings, for scripts that mail addresses do not use
	tail                int      // percent of family names from stems and endings
	noLast, joinedNames int      // percent without a family name; percent with two first names
}

func list(s string) []string { return strings.Fields(s) }

var cultures = []culture{
	{share: 30, tail: 35, noLast: 1, joinedNames: 3,
		first: list(`James Mary Michael Patricia Robert Jennifer John Linda David Elizabeth William Barbara Richard
			Susan Joseph Jessica Thomas Karen Christopher Sarah Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty
			Mark Ashley Donald Emily Steven Kimberly Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin
			Amanda Brian Melissa Timothy Deborah Ronald Stephanie Jason Rebecca George Sharon Edward Laura Jeffrey
			Cynthia Ryan Dorothy Jacob Amy Nicholas Kathleen Gary Angela Eric Shirley Jonathan Emma Hannah Anna Diana
			Savannah Brianna Zoe Xavier Quentin Ulysses`),
		last: list(`Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin
			Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson
			Baker Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Edwards Collins Stewart Morris
			Murphy Cook Rogers Morgan Cooper Peterson Bailey Reed Kelly Howard Ward Cox Richardson Wood Watson Brooks
			Bennett Gray James Hughes Price Long Foster Sanders Ross O'Brien O'Neill McDonald`),
		stems: list(`Ash Black Brad Brook Car Clay Cran Dal Dun East Fair Fen Gran Hal Hart Hol Kin Lang Mal Nor Oak
			Pem Quar Rad Stan Thorn Under Var West Wex Yar Zell`),
		ends: list(`ford ton ley worth field well man er son by ham combe dale bury ridge wick stone mont`)},
	{share: 18, tail: 30, noLast: 1, joinedNames: 18,
		first: list(`María José Juan Ana Luis Carmen Carlos Laura Antonio Marta Francisco Lucía Manuel Sofía Pedro Paula
			Jesús Elena Javier Andrea Miguel Sara Ángel Rosa Rafael Isabel Fernando Daniela Diego Valentina Pablo Camila
			Sergio Mariana Jorge Gabriela Alberto Adriana Ramón Verónica Andrés Gloria Óscar Inés Raúl Begoña Iñaki João
			Conceição Ananda`),
		last: list(`García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz
			Díaz Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano
			Morales Molina Blanco Suárez Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Silva Santos Oliveira Souza
			Pereira Costa Carvalho Araújo Banana`),
		stems: list(`Alar Bar Ben Cab Can Car Es Fuent Gal Her Ib Lar Mend Mont Oliv Pal Quint Riv San Tor Urr Vald Zab`),
		ends:  list(`án era ero eda iz illo osa ano ante uela oria adas ez és arte ona ana`)},
	{share: 10, tail: 40, noLast: 1, joinedNames: 4,
		first: list(`Thomas Anna Michael Maria Andreas Ursula Stefan Monika Peter Petra Jürgen Sabine Wolfgang Renate Klaus
			Karin Hans Brigitte Günther Jörg Bärbel Uwe Käthe Lukas Lena Jonas Mia Sören Łukasz Agnieszka Paweł
			Małgorzata Zoë Björn Åsa Søren Jiří François Élodie Chloé Zlatan Đorđe İbrahim Ayşe Işıl Çağlar Ömer`),
		last: list(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter
			Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Weiß Großmann Strauß
			Kowalski Wiśniewski Wójcik Łukaszewski Novák Dvořák Nguyễn Yılmaz Kaya Demir Şahin Öztürk Jørgensen Sørensen
			Håkansson Þórsson Bošković`),
		stems: list(`Alt Berg Brand Dorn Eber Frei Gold Grün Haber Kirch Krumm Licht Mayr Neu Ober Reich Schön Stein Unter
			Vogel Wald Zieg`),
		ends: list(`mann bach berger hofer huber stein meier schmidt ner ling feld haus hardt wald egger ler`)},
	{share: 16, tail: 35, noLast: 8, joinedNames: 6,
		first: list(`Rahul Priya Amit Anjali Raj Sunita Vijay Ananya Sanjay Kavita Arjun Pooja Rohan Neha Anand Divya
			Suresh Lakshmi Ramesh Deepa Mohammed Fatima Imran Ayesha Kiran Shreya Manish Nandini Ganesh Swati Anant
			Nanak Hanan Manan Kanan`),
		last: list(`Kumar Singh Sharma Patel Gupta Khan Das Reddy Shah Yadav Mehta Nair Iyer Rao Joshi Verma Mishra Chopra
			Banerjee Mukherjee Chatterjee Bose Pillai Menon Desai Kapoor Malhotra Ansari Ahmed Ali Hussain`),
		stems: list(`Aga Bhat Chan Deva Gan Hari Jaya Kana Laksh Maha Nan Pra Raja Sam Tiru Uma Vasu Yoga`),
		ends:  list(`wala nathan krishnan swamy murthy gopal raman das charya kar dikar pathi lingam nandan`)},
	{share: 10, tail: 5, noLast: 2,
		first: list(`伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 刚 桂英 建国 晓东 さくら 健太 美咲 翔太
			陽菜 大輔 민준 서연 지훈 서현 유진`),
		last:  list(`王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 佐藤 鈴木 高橋 田中 伊藤 渡辺 がんばる 김 이 박 최 정`),
		stems: list(`欧 司 上 诸 东`), ends: list(`阳 马 官 葛 方`),
		mail: list(`wei fang na min jing li qiang lei jun yang yong kenta misaki minjun seoyeon`)},
	{share: 9, tail: 35, noLast: 1,
		first: list(`Александр Елена Сергей Ольга Дмитрий Наталья Андрей Анна Алексей Мария Максим Ирина Иван Светлана
			Артём Юлия Николай Татьяна Σοφία Γεώργιος Μαρία Νίκος Ελένη`),
		last: list(`Иванов Смирнова Кузнецов Попова Васильев Петрова Соколов Михайлова Новиков Фёдорова Морозов Волкова
			Алексеев Лебедева Семёнов Παπαδόπουλος Γεωργίου Νικολάου`),
		stems: list(`Бел Бор Гор Дуб Жар Зай Кол Лис Мас Ник Ор Пан Руд Сав Тим Фил Шар`),
		ends:  list(`ов ова ин ина ский ская енко ко ук ев ева`),
		mail:  list(`alex elena sergey olga dmitry natalia ivan anna maxim georgios sofia`)},
	{share: 7, tail: 10, noLast: 4,
		first: list(`محمد فاطمة أحمد عائشة علي مريم عمر خديجة يوسف زينب إبراهيم سارة משה שרה דוד רחל יוסף`),
		last:  list(`العلي الأحمد حسين الخطيب المصري حداد النجار السيد الشريف عبدالله כהן לוי מזרחי פרץ ביטון`),
		stems: list(`الرا الحا الما السا`), ends: list(`شد مد لك جد ضي وي`),
		mail: list(`mohammed fatima ahmed aisha ali mariam omar yousef moshe sara david`)},
}

var mailHosts = list(`gmail.com gmail.com gmail.com gmail.com gmail.com gmail.com gmail.com yahoo.com yahoo.com hotmail.com
	hotmail.com outlook.com outlook.com icloud.com qq.com gmx.de mail.ru web.de live.com aol.com protonmail.com naver.com
	orange.fr yahoo.co.in rediffmail.com libero.it`)

var plain = strings.NewReplacer("'", "", "á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "ü", "ue", "ö", "oe",
	"ä", "ae", "ß", "ss", "ã", "a", "ç", "c", "ł", "l", "ø", "o", "å", "a", " ", "", "ë", "e", "ř", "r", "č", "c", "ś", "s")

// people draws customers. The same seed gives the same people.
type people struct{ r *rand.Rand }

func newPeople(seed uint64) *people { return &people{rand.New(rand.NewPCG(seed, 7))} }

// pick favours the front of the list, about as names do.
func (p *people) pick(s []string) string {
	f := p.r.Float64()
	return s[int(f*f*float64(len(s)))]
}

func (p *people) name() (first, last, latin string) {
	n := p.r.IntN(100)
	c := &cultures[0]
	for i := range cultures {
		if n < cultures[i].share {
			c = &cultures[i]
			break
		}
		n -= cultures[i].share
	}
	first = p.pick(c.first)
	if p.r.IntN(100) < c.joinedNames {
		first += " " + p.pick(c.first)
	}
	switch n := p.r.IntN(100); {
	case n < c.noLast:
	case n < c.noLast+c.tail:
		last = p.pick(c.stems) + p.pick(c.ends)
		if p.r.IntN(3) == 0 {
			last = p.pick(c.stems) + strings.ToLower(last)
		}
	default:
		last = p.pick(c.last)
	}
	if c.mail != nil {
		return first, last, p.pick(c.mail)
	}
	return first, last, ""
}

func (p *people) entry(seq, created int64) search.Entry {
	first, last, latin := p.name()
	a, b := latin, ""
	if latin == "" {
		a, b = plain.Replace(strings.ToLower(first)), plain.Replace(strings.ToLower(last))
	}
	var mail string
	switch p.r.IntN(6) {
	case 0, 1:
		mail = a + "." + b
	case 2:
		mail = a + b + strconv.Itoa(p.r.IntN(100))
	case 3:
		mail = string([]rune(a)[:1]) + b + strconv.Itoa(1950+p.r.IntN(60))
	case 4:
		mail = a + "_" + strconv.Itoa(p.r.IntN(10000))
	default:
		mail = b + "." + a + strconv.Itoa(p.r.IntN(1000))
	}
	if p.r.IntN(12) == 0 && b != "" {
		mail += "@" + b + ".com"
	} else {
		mail += "@" + p.pick(mailHosts)
	}
	e := search.Entry{Position: page.Position{CreatedAt: created, Seq: seq}, First: first, Last: last, Email: mail}
	if p.r.IntN(20) == 0 {
		e.Email = ""
	}
	h := uint64(seq)*0x9e3779b97f4a7c15 + uint64(created)
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	e.Phone = strconv.FormatUint(100_000_000_000/uint64(1+h%9)+h>>32%10_000_000_000, 10)
	if h>>8%3 == 0 {
		e.Bought = int64(h >> 24)
	}
	switch n := p.r.IntN(100); {
	case n < 90:
		e.Status = 1
	case n < 97:
		e.Status = 2
	default:
		e.Status = 3
	}
	if p.r.IntN(10) == 0 {
		e.Type = 1
	}
	return e
}
